#!/bin/sh
# apache-arrow 21.2.0 (JavaScript), on a file of pyarrow 26.0.1.
#
# Guessed: a decimal is shown with its point, as Python, SQL and the types' documents do: 1.23.
# Seen: whatever makes a text or a number of it leaves the scale out: String, Number, JSON.stringify and a row's text
# give 123, and 450.00 is 45000. Amounts are a hundred times too large in a page or an answer, without an error; the
# scale is in the type only. Timestamps beside it are scaled, to milliseconds, whatever their unit.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts apache-arrow@21.2.0
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check pyarrow==26.0.1
venv/bin/python - <<'PYTHON'
from decimal import Decimal

import pyarrow

amounts = pyarrow.array([Decimal("1.23"), Decimal("-0.05"), Decimal("450.00")], pyarrow.decimal128(18, 2))
times = pyarrow.array([1763120675449000] * 3, pyarrow.timestamp("us", "UTC"))
table = pyarrow.table({"amount": amounts, "time": times})
with pyarrow.ipc.new_file("amounts.arrow", table.schema) as file:
    file.write_table(table)
PYTHON
cat >run.mjs <<'JS'
import { readFileSync } from "node:fs";
import { tableFromIPC } from "apache-arrow";

const table = tableFromIPC(readFileSync("amounts.arrow"));
console.log(table.schema.fields[0].type.scale);
for (const row of table) {
  console.log(String(row.amount), Number(row.amount), JSON.stringify(row.amount), JSON.stringify(row), String(row));
}
JS
node run.mjs >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
2
123 123 "\"123\"" {"amount":"\"123\"","time":1763120675449} {"amount": 123, "time": 1763120675449}
-5 -5 "\"-5\"" {"amount":"\"-5\"","time":1763120675449} {"amount": -5, "time": 1763120675449}
45000 45000 "\"45000\"" {"amount":"\"45000\"","time":1763120675449} {"amount": 45000, "time": 1763120675449}
EXPECTED
