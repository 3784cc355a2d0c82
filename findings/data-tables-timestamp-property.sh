#!/usr/bin/env bash
# @azure/data-tables 13.3.2 (JavaScript), beside azure-data-tables 12.7.0 (Python).
#
# Names of properties in Table storage are case-sensitive. `Timestamp` is the service's own: it ignores what is sent for
# it and puts the time of the write there.
#
# Guessed: an entity with a property `timestamp`, the time of a reading say, is sent with this property.
# Seen: the SDK for JavaScript sends it as `Timestamp`, so that the service throws it away, and `etag` as `odata.etag`.
# Read again, `timestamp` is there, and is the time of the write. Python sends both names as they are; of such an entity
# JavaScript shows one `timestamp`, the one that comes last in the answer, be it the reading's or the service's.
#
# Both clients get a transport that shows what they would send and answers for the service; no network is used.
# Needs Node.js 20 or newer with npm. Exits with 0 as long as that is what happens.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet azure-data-tables==12.7.0
npm install --silent --no-audit --no-fund --ignore-scripts @azure/data-tables@13.3.2 @azure/core-rest-pipeline@1.24.0

cat > tables.mjs <<'JS'
import { createHttpHeaders } from "@azure/core-rest-pipeline";
import { TableClient } from "@azure/data-tables";
let answer = "";
const httpClient = {
  async sendRequest(request) {
    if (request.body) console.log("javascript sends", request.body);
    const headers = createHttpHeaders({ "content-type": "application/json;odata=minimalmetadata" });
    return { request, status: request.method === "POST" ? 204 : 200, headers, bodyAsText: answer };
  },
};
const client = new TableClient("http://127.0.0.1/account", "readings", { httpClient, allowInsecureConnection: true });
await client.createEntity({ partitionKey: "p", rowKey: "r", timestamp: "reading", etag: "mine" });
const keys = { PartitionKey: "p", RowKey: "r" };
for (const times of [{ Timestamp: "write", timestamp: "reading" }, { timestamp: "reading", Timestamp: "write" }]) {
  answer = JSON.stringify({ ...keys, ...times });
  console.log("javascript reads", answer, "as", (await client.getEntity("p", "r")).timestamp);
}
JS
cat > tables.py <<'PYTHON'
import json

from azure.core.credentials import AzureNamedKeyCredential
from azure.core.pipeline.transport import RequestsTransport
from azure.data.tables import TableClient


class Shown(Exception):
    pass


class Transport(RequestsTransport):
    def send(self, request, **options):
        sent = json.loads(request.data)
        print("python sends", json.dumps({name: sent[name] for name in sent if "@" not in name}))
        raise Shown


key = AzureNamedKeyCredential("account", "a2V5")
client = TableClient("http://127.0.0.1/account", table_name="readings", credential=key, transport=Transport())
try:
    client.create_entity({"PartitionKey": "p", "RowKey": "r", "timestamp": "reading", "etag": "mine"})
except Shown:
    pass
PYTHON
{ node tables.mjs; venv/bin/python tables.py; } | tee seen.txt
diff seen.txt - <<'EXPECTED'
javascript sends {"PartitionKey":"p","RowKey":"r","Timestamp":"reading","odata.etag":"mine"}
javascript reads {"PartitionKey":"p","RowKey":"r","Timestamp":"write","timestamp":"reading"} as reading
javascript reads {"PartitionKey":"p","RowKey":"r","timestamp":"reading","Timestamp":"write"} as write
python sends {"PartitionKey": "p", "RowKey": "r", "timestamp": "reading", "etag": "mine"}
EXPECTED
