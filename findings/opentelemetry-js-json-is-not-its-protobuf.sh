#!/bin/sh
# @opentelemetry/otlp-transformer 0.223.1 (JavaScript: what the OTLP exporters send), read by opentelemetry-proto
# 1.45.2 (Python).
#
# Guessed: a log record is the same whether it is sent as OTLP/JSON or as OTLP/protobuf.
# Seen: 1e19, a number like any other in JavaScript, is a double in protobuf and an intValue in JSON, beyond what an
# int64 can hold, so that a reader refuses the request with all records that are in it. NaN is NaN in protobuf, and
# in JSON "doubleValue": null, which is no value; JSON's mapping writes "NaN". Both say nothing when they send.
#
# No network is used. Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @opentelemetry/otlp-transformer@0.223.1 @opentelemetry/sdk-logs@0.223.1 @opentelemetry/api@1.9.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check opentelemetry-proto==1.45.2
cat >run.cjs <<'JS'
const { writeFileSync } = require("node:fs");
const { JsonLogsSerializer, ProtobufLogsSerializer } = require("@opentelemetry/otlp-transformer");
const { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } = require("@opentelemetry/sdk-logs");

(async () => {
  for (const [name, value] of [["plain", 22.5], ["large", 1e19], ["nan", NaN]]) {
    const exporter = new InMemoryLogRecordExporter();
    const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter })] });
    provider.getLogger("meter").emit({ body: "reading", attributes: { value } });
    await provider.forceFlush();
    const records = exporter.getFinishedLogRecords();
    writeFileSync(`${name}.json`, JsonLogsSerializer.serializeRequest(records));
    writeFileSync(`${name}.bin`, ProtobufLogsSerializer.serializeRequest(records));
  }
})();
JS
cat >run.py <<'PY'
import re

from google.protobuf import json_format
from opentelemetry.proto.logs.v1.logs_pb2 import LogsData


def value(data):
    return str(data.resource_logs[0].scope_logs[0].log_records[0].attributes[0].value).strip() or "nothing"


for name in "plain", "large", "nan":
    text, data = open(f"{name}.json").read(), LogsData()
    data.ParseFromString(open(f"{name}.bin", "rb").read())
    try:
        read = value(json_format.Parse(text, LogsData()))
    except json_format.ParseError as error:
        read = "refused: " + re.search("Value out of range", str(error))[0]
    sent = re.search(r'"attributes":\[\{"key":"value","value":(\{.*?\})', text)[1]
    print(name, "|", value(data), "|", sent, "|", read)
PY
node run.cjs
venv/bin/python run.py >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
plain | double_value: 22.5 | {"doubleValue":22.5} | double_value: 22.5
large | double_value: 1e+19 | {"intValue":10000000000000000000} | refused: Value out of range
nan | double_value: nan | {"doubleValue":null} | nothing
EXPECTED
