#!/bin/bash
# A server without a quorum answers srvr too, but has no mode: the port alone says nothing.
exec 3<> /dev/tcp/localhost/2181 || exit 1
printf srvr >&3
while IFS= read -r -t 3 -u 3 line; do
  [[ $line == Mode:* ]] && exit 0
  answer=$line
done
echo "not serving: ${answer:-no answer to srvr}"
exit 1
