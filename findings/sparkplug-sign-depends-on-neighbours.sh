#!/usr/bin/env bash
# sparkplug-payload 1.0.3 (JavaScript, of Eclipse Tahu), alone and beside long 5.3.2.
#
# Guessed: what a library makes of a message depends on the message.
# Seen: an Int64 of -5 is read as -5 where the package is installed alone. Where another package of the project needs
# long 5, npm gives sparkplug-payload and its protobufjs a copy of long 4 each, `instanceof` knows only its own, and the
# number stays unsigned: 18446744073709551611. A UInt32 is a number in the first case and an object in the second. So
# adding a dependency that has nothing to do with it (gRPC's loader and newer protobufjs bring long 5) changes readings.
#
# Needs Node.js 18 or newer with npm. Exits with 0 as long as that is what happens.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
cat > read.js <<'JS'
const sparkplug = require("sparkplug-payload").get("spBv1.0");
const metrics = [{ name: "a", type: "Int64", value: -5 }, { name: "b", type: "UInt32", value: 4000000000 }];
const message = Buffer.from(sparkplug.encodePayload({ timestamp: 1, seq: 0, metrics }));
const seen = sparkplug.decodePayload(message).metrics.map(({ value }) => `${value} (${typeof value})`);
console.log(...seen);
JS
seen() {
  rm -rf node_modules package.json package-lock.json
  npm install --silent --no-audit --no-fund --ignore-scripts "$@"
  node read.js
}
{ seen sparkplug-payload@1.0.3; seen sparkplug-payload@1.0.3 long@5.3.2; } | tee seen.txt
diff seen.txt - <<'EXPECTED'
-5 (object) 4000000000 (number)
18446744073709551611 (object) 4000000000 (object)
EXPECTED
