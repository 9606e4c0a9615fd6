#!/bin/bash
# Ready: this broker answers a Metadata request, and its answer counts itself among the live brokers of a controller.
# An open port says less: it stays open while the broker has lost its registration. Speaks the protocol itself,
# because a Java client takes seconds to start and as much memory as a small broker.
export LC_ALL=C

# Reads one byte as a number; NUL is the delimiter, so that it arrives as an empty string.
byte() {
  local char
  IFS= read -r -d '' -n 1 -t 3 -u 3 char || { echo 'no answer to Metadata'; exit 1; }
  printf -v number '%d' "'$char"
  ((number &= 255))
}

# A big-endian signed number of $1 bytes.
int() {
  local i value=0
  for ((i = 0; i < $1; i++)); do
    byte
    ((value = value << 8 | number))
  done
  ((number = value >= 1 << ($1 * 8 - 1) ? value - (1 << ($1 * 8)) : value))
}

string() {
  local i length
  int 2
  length=$number
  for ((i = 0; i < length; i++)); do byte; done
}

exec 3<> /dev/tcp/localhost/9092 || exit 1
# Size 19, Metadata (3) version 1, correlation 1, client id "probe", no topics.
printf '\0\0\0\023\0\003\0\001\0\0\0\001\0\005probe\0\0\0\0' >&3

int 4 # size
int 4 # correlation
int 4
brokers=$number
registered=
for ((b = 0; b < brokers; b++)); do
  int 4
  [[ $number == "$POD_INDEX" ]] && registered=yes
  string # host
  int 4  # port
  string # rack
done
int 4
controller=$number

[[ $registered ]] || { echo "broker $POD_INDEX is not registered yet"; exit 1; }
((controller >= 0)) || { echo 'the cluster has no controller'; exit 1; }
