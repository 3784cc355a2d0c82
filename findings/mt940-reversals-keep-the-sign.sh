#!/bin/sh
# mt-940 5.1.1 (the Python reader of SWIFT's bank statements, which payments are reconciled with).
#
# Guessed: the amount of a reversed credit (RC) is negative and that of a reversed debit (RD) positive, as those of a
# debit (D) and a credit (C) are: a reversal takes back what was booked, so that the opening balance and all amounts
# add up to the closing balance.
# Seen: only D is negative. RC and RD both come out positive, so a statement on which a credit of 100 and a debit of 30
# are booked and taken back seems to have gained 200, while its own two balances are equal. Whoever adds up amounts
# has to look at the status of each transaction.
#
# Needs Python 3.10 or newer with pip. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mt-940==5.1.1
cat > reversals.py <<'PY'
from decimal import Decimal

import mt940

STATEMENT = """:20:STATEMENT
:25:10020030/1234567
:28C:1/1
:60F:C231101EUR1000,00
:61:2311021102C100,00NTRFFIRST
:61:2311021102D30,00NTRFSECOND
:61:2311031103RC100,00NTRFTHIRD
:61:2311031103RD30,00NTRFFOURTH
:62F:C231103EUR1000,00
"""

statement = mt940.parse(STATEMENT)
booked = [(each.data["status"], each.data["amount"].amount) for each in statement]
opening, closing = (statement.data[name].amount.amount for name in ("final_opening_balance", "final_closing_balance"))
total = sum(amount for _, amount in booked)
for status, amount in booked:
    print(status, amount)
print("from", opening, "to", closing, "by", total)

assert booked == [("C", Decimal(100)), ("D", Decimal(-30)), ("RC", Decimal(100)), ("RD", Decimal(30))]
assert closing - opening == 0 and total == Decimal(200)
PY
venv/bin/python reversals.py
