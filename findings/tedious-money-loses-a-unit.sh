#!/bin/sh
# tedious 19.2.2 (the SQL Server and Azure SQL driver of Node.js, below mssql too); 20.3.9 has the same code.
#
# Guessed: a parameter of type Money takes the number 1.13 and sends the money 1.1300, since money has four decimals and
# 1.13 is a number that a double gives back as it was.
# Seen: it multiplies by 10000 and cuts: 1.13 is 11299.999999999998 there, so the server gets 1.1299. Of the amounts
# from 0.01 to 99.99, 612 arrive too small; -1.13 arrives as -1.1299. SmallMoney does the same, and Decimal, which
# rounds, does not. No test with 1.10 or 9.99 sees it, while sums of such amounts are wrong.
#
# The parameter is asked for the bytes that it would send; no server is needed. Needs Node.js 18 or newer with npm.
# Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts tedious@19.2.2
cat > money.js <<'JS'
const assert = require("node:assert");
const { TYPES } = require("tedious");

function sent(type, value) {
  const parameter = { value: type.validate(value, undefined, {}), precision: 18, scale: 4 };
  return Buffer.concat([...type.generateParameterData(parameter, {})]);
}

// A money is a whole number of ten-thousandths, its upper four bytes first; SmallMoney has the lower four only.
const money = (value) => BigInt(sent(TYPES.Money, value).readInt32LE(0)) * 2n ** 32n
  + BigInt(sent(TYPES.Money, value).readUInt32LE(4));
const small = (value) => sent(TYPES.SmallMoney, value).readInt32LE(0);
// A decimal is a sign, 1 where it is positive, and the whole number after it.
const decimal = (value) => sent(TYPES.Decimal, value).readUInt32LE(1);

for (const value of [1.1, 9.99, 1.13, -1.13])
  console.log(value, "money", money(value), "smallmoney", small(value), "decimal(18, 4)", decimal(value));
let fewer = 0;
for (let cents = 1; cents < 10000; cents++) if (money(cents / 100) < BigInt(cents) * 100n) fewer++;
console.log("amounts below 100 that arrive too small:", fewer);

assert.deepStrictEqual([money(1.1), money(9.99)], [11000n, 99900n]);
assert.deepStrictEqual([money(1.13), money(-1.13), small(1.13)], [11299n, -11299n, 11299]);
assert.deepStrictEqual([decimal(1.13), decimal(9.99)], [11300, 99900]);
assert.strictEqual(fewer, 612);
JS
node money.js
