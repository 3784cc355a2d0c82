#!/bin/sh
# prom-client 15.1.3 (JavaScript), whose summaries are kept by tdigest 0.1.3, beside datasketches 5.2.0 (Python).
#
# Guessed: where 95 of 100 observations are 0 and five are 1000, the quantiles 0.5 to 0.9 of a Summary are 0, or near
# 0 as a t-digest is an estimate.
# Seen: the median is 50, and the quantile 0.9 is 850. Equal values become one centroid however many they are, and
# whatever lies between the middles of two centroids is put on a straight line between them: more observations do not
# help. Retries, status codes and whole milliseconds are such values. Apache's t-digest gives 0 up to 0.9.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts prom-client@15.1.3 tdigest@0.1.3
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check datasketches==5.2.0
cat >run.cjs <<'JS'
const { Summary } = require("prom-client");
const summary = new Summary({ name: "retries", help: "Retries of a request.", percentiles: [0.5, 0.7, 0.8, 0.9, 0.99] });
for (let number = 0; number < 100000; number += 1) summary.observe(number % 100 < 95 ? 0 : 1000);
summary.get().then(({ values }) => {
  for (const { labels, value } of values) if (labels.quantile) console.log(labels.quantile, value);
});
JS
cat >run.py <<'PY'
from datasketches import tdigest_double

digest = tdigest_double()
for number in range(100000):
    digest.update(0 if number % 100 < 95 else 1000)
for quantile in 0.5, 0.7, 0.8, 0.9, 0.99:
    print(round(digest.get_quantile(quantile), 6))
PY
node run.cjs >javascript.txt
venv/bin/python run.py >python.txt
paste -d ' ' javascript.txt python.txt >seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
0.5 50 0.0
0.7 450 0.0
0.8 650 0.0
0.9 850 0.0
0.99 1000 1000.0
EXPECTED
