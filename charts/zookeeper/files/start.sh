#!/bin/bash
# A server knows itself by a number in its data folder; ids start at 1, ordinals at 0.
set -euo pipefail
mkdir -p /var/lib/zookeeper/data
echo "$((POD_INDEX + 1))" > /var/lib/zookeeper/data/myid
exec /opt/kafka/bin/zookeeper-server-start.sh /etc/zookeeper/zookeeper.properties
