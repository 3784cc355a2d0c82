#!/bin/sh
# ion-js 5.2.1 (Amazon Ion, JavaScript).
#
# Guessed: an Ion decimal that is asked for as a number, or is written as JSON, is the nearest double, so that 0.35
# stays 0.35.
# Seen: the digits are multiplied by a power of ten that is a double itself: 0.35 is 0.35000000000000003, in
# numberValue() and in JSON.stringify alike. Of the 9,999 amounts from 0.01 to 99.99, 1,327 come out as other numbers
# than their own text read as JSON, so that one price from Ion and one from JSON are not equal. The text of the
# decimal is exact.
#
# Needs Node.js 20 or newer with npm. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts ion-js@5.2.1
cat >run.mjs <<'JS'
import { dumpText, load } from "ion-js";

const order = load("{ amount: 0.35, small: 1d-5, plain: 0.25 }");
console.log(JSON.stringify(order), dumpText(order));
let other = 0;
for (let cents = 1; cents < 10000; cents += 1) {
  const text = (cents / 100).toFixed(2);
  if (JSON.stringify(load(text)) !== JSON.stringify(JSON.parse(text))) other += 1;
}
console.log(other);
JS
node run.mjs >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
{"amount":0.35000000000000003,"small":0.000009999999999999999,"plain":0.25} {amount:0.35,small:0.00001,plain:0.25}
1327
EXPECTED
