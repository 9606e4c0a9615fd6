#!/bin/bash
# The broker gives up after 18 s without ZooKeeper; waiting here avoids its restarts and their back-off.
servers=${ZOOKEEPER_CONNECT%%/*}

serves() {
  local line
  exec 3<> "/dev/tcp/${1%:*}/${1##*:}" || return 1
  printf srvr >&3
  while IFS= read -r -t 3 -u 3 line; do
    [[ $line == Mode:* ]] && return 0
  done
  return 1
}

until for server in ${servers//,/ }; do (serves "$server") 2> /dev/null && exit 0; done; do
  echo "waiting for a ZooKeeper that serves at $servers"
  sleep 1
done
