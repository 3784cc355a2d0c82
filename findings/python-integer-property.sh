#!/usr/bin/env bash
# azure-eventhub 5.15.1 for Python cannot send an application property that is an integer of more than 32 bits.
#
# Guessed: an int is sent as the AMQP type that it fits, so 2**40 as a long, as the SDKs for JavaScript and Java do.
# Seen: EventDataBatch.add refuses it (ValueError: Value supplied for int invalid), and send_batch with a list says instead
# that the events exceed "the Event Hub frame size limit". A milliseconds timestamp is such a number. 2**31 - 1 is taken.
# (Known of azure-servicebus, which shares the code: Azure/azure-sdk-for-python#34717.)
#
# Needs Python 3.9 or newer. Fails if what is seen changes.
set -euo pipefail

folder=$(mktemp --directory)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv python
python/bin/pip install --quiet --disable-pip-version-check azure-eventhub==5.15.1

cat >property.py <<'PY'
from azure.eventhub import EventData, EventDataBatch

for number in (2**31 - 1, 2**31, 2**40):
    event = EventData("x")
    event.properties = {"number": number}
    try:
        EventDataBatch(max_size_in_bytes=1024 * 1024).add(event)
        print(number, "taken")
    except ValueError as error:
        print(number, str(error).split(":")[0])
PY

python/bin/python property.py | tee seen.txt

diff seen.txt - <<'EXPECTED'
2147483647 taken
2147483648 Value supplied for int invalid
1099511627776 Value supplied for int invalid
EXPECTED
