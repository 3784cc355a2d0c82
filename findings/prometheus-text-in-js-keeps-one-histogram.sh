#!/bin/sh
# parse-prometheus-text-format 1.1.1 (JavaScript), beside prometheus_client 0.24.1 (Python).
#
# A histogram or summary with labels has one series of buckets or quantiles for each set of labels.
#
# Guessed: the parser gives each of them, with its labels, sum and count, as it gives each counter.
# Seen: it gives one for all. The last set's buckets take the place of the others', and labels, sum and count are
# gone: of 10 fast requests to one path and 90 slow ones to another only the slow ones are left, as if there were no
# paths. A histogram without labels is right, and so is any counter.
#
# Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts parse-prometheus-text-format@1.1.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check prometheus_client==0.24.1
cat >metrics.txt <<'METRICS'
# HELP seconds How long a request took.
# TYPE seconds histogram
seconds_bucket{path="/a",le="0.1"} 10
seconds_bucket{path="/a",le="+Inf"} 10
seconds_sum{path="/a"} 0.5
seconds_count{path="/a"} 10
seconds_bucket{path="/b",le="0.1"} 0
seconds_bucket{path="/b",le="+Inf"} 90
seconds_sum{path="/b"} 400
seconds_count{path="/b"} 90
# HELP plain The same without labels.
# TYPE plain histogram
plain_bucket{le="0.1"} 10
plain_bucket{le="+Inf"} 10
plain_sum 0.5
plain_count 10
METRICS
cat >run.cjs <<'JS'
const parse = require("parse-prometheus-text-format");
for (const family of parse(require("fs").readFileSync("metrics.txt", "utf8"))) console.log(family.name, JSON.stringify(family.metrics));
JS
cat >run.py <<'PY'
from prometheus_client.parser import text_string_to_metric_families

families = list(text_string_to_metric_families(open("metrics.txt").read()))
for path in "/a", "/b":
    print(path, *[int(s.value) for f in families for s in f.samples if s.labels.get("path") == path and s.name.endswith("_count")])
PY
node run.cjs >seen.txt
venv/bin/python run.py >>seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
seconds [{"buckets":{"0.1":"0","+Inf":"90"}}]
plain [{"buckets":{"0.1":"10","+Inf":"10"},"count":"10","sum":"0.5"}]
/a 10
/b 90
EXPECTED
