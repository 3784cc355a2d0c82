#!/usr/bin/env bash
# One partition key, three partitions: the buffered producers of the Event Hubs SDKs hash a key themselves, each with its
# own port of the service's hash (Jenkins lookup3 as a signed number of 16 bits, |hash % partitions|).
#
# Guessed: every SDK maps a key to the same partition, since all promise that a buffered producer keeps the order of a key.
# Seen, for 32 partitions, with azure-eventhub 5.15.1, @azure/event-hubs 6.0.4:
#
#     key         JavaScript   Python
#     customer-1  23           23
#     a           28           4       a negative hash: Python's % never gives a negative number, so |hash % n| is another
#     7           31           1
#     Grüße       0            17      not ASCII: Python hashes code points, not bytes of UTF-8
#
# (azure-messaging-eventhubs 5.21.5 for Java agrees with JavaScript in the first three and gives 17 for the last: it takes
# bytes for signed numbers. Not run here.) The service's own rule is that of JavaScript, ported from .NET.
#
# Needs Node.js 20 or newer with npm, and Python 3.9 or newer. Fails if what is seen changes.
set -euo pipefail

folder=$(mktemp --directory)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1
npm install --silent --no-audit --no-fund --ignore-scripts @azure/event-hubs@6.0.4

cat >keys.mjs <<'JS'
import { mapPartitionKeyToId } from "./node_modules/@azure/event-hubs/dist/esm/impl/partitionKeyToIdMapper.js";
for (const key of ["customer-1", "a", "7", "Grüße"]) console.log(key, mapPartitionKeyToId(key, 32));
JS
cat >keys.py <<'PY'
from azure.eventhub._buffered_producer._partition_resolver import PartitionResolver

resolver = PartitionResolver([str(id) for id in range(32)])
for key in ["customer-1", "a", "7", "Grüße"]:
    print(key, resolver.get_partition_id_by_partition_key(key))
PY

node keys.mjs >javascript.txt
PYTHONIOENCODING=utf-8 python/bin/python keys.py >python.txt
paste -d ' ' javascript.txt python.txt | tee seen.txt

diff seen.txt - <<'EXPECTED'
customer-1 23 customer-1 23
a 28 a 4
7 31 7 1
Grüße 0 Grüße 17
EXPECTED
