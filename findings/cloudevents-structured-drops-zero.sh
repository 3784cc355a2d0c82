#!/bin/sh
# cloudevents 10.0.0 (JavaScript).
#
# Guessed: an event's data is any JSON value, and comes out of structured mode as it went in.
# Seen: structured mode writes "data": 0, false or "" and reads them as no data at all (undefined), so that a meter's
# zero or a switch's "off" becomes a missing value. It keeps 1, true and [0]: only a test with such a value sees it.
#
# Needs Node.js 20 or newer with npm. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts cloudevents@10.0.0
cat > zero.js <<'JS'
const assert = require("node:assert");
const { CloudEvent, HTTP } = require("cloudevents");

function readAgain(data) {
  const datacontenttype = typeof data === "string" ? "text/plain" : "application/json";
  const event = new CloudEvent({ id: "1", source: "/meter", type: "reading", datacontenttype, data });
  const message = HTTP.structured(event);
  const read = HTTP.toEvent(message).data;
  console.log("sent", JSON.stringify(JSON.parse(message.body).data), "read", read);
  assert.deepStrictEqual(JSON.parse(message.body).data, data);
  return read;
}

for (const data of [1, true, "off", [0]]) assert.deepStrictEqual(readAgain(data), data);
for (const data of [0, false, ""]) assert.strictEqual(readAgain(data), undefined);
JS
node zero.js
