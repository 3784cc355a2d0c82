#!/bin/sh
# @opentelemetry/exporter-prometheus 0.223.0 (JavaScript), beside opentelemetry-exporter-prometheus 0.66b2 (Python),
# read by prometheus_client 0.26.0 (Python).
#
# Prometheus has no dots in the names of labels, so that the attributes http.route and http_route become one label,
# whose values OpenTelemetry's specification joins with a semicolon.
#
# Guessed: the page has one label, http_route="a;b".
# Seen: JavaScript writes the label twice. That is no valid page: a reader refuses it, and with it every metric of
# the process, for as long as it runs, once a single event had both attributes. Python writes the last value only:
# http_route="b".
#
# No network is used. Needs Node.js 20 or newer with npm, and Python. Exits with 0 as long as that is what happens.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm install --silent --no-audit --no-fund --ignore-scripts \
  @opentelemetry/exporter-prometheus@0.223.0 @opentelemetry/sdk-metrics@2.12.1 @opentelemetry/api@1.9.1
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check --pre \
  opentelemetry-exporter-prometheus==0.66b2 opentelemetry-sdk==1.45.2 prometheus_client==0.26.0
cat >write.cjs <<'JS'
const { PrometheusSerializer } = require("@opentelemetry/exporter-prometheus");
const { MeterProvider, MetricReader } = require("@opentelemetry/sdk-metrics");

class Reader extends MetricReader {
  async onForceFlush() {}
  async onShutdown() {}
}

(async () => {
  const reader = new Reader();
  const meter = new MeterProvider({ readers: [reader] }).getMeter("shop");
  meter.createCounter("requests").add(5, { "http.route": "a", http_route: "b" });
  meter.createCounter("orders").add(1);
  const { resourceMetrics } = await reader.collect();
  console.log(new PrometheusSerializer(undefined, false).serialize(resourceMetrics).trimEnd());
})();
JS
cat >write.py <<'PY'
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.sdk.metrics import MeterProvider
from prometheus_client import REGISTRY, generate_latest

meter = MeterProvider([PrometheusMetricReader()]).get_meter("shop")
meter.create_counter("requests").add(5, {"http.route": "a", "http_route": "b"})
meter.create_counter("orders").add(1)
print(generate_latest(REGISTRY).decode().rstrip())
PY
cat >read.py <<'PY'
import sys

from prometheus_client.parser import text_string_to_metric_families

for name in sys.argv[1:]:
    try:
        families = list(text_string_to_metric_families(open(name).read()))
        samples = {sample.name: sample.labels.get("http_route") for family in families for sample in family.samples}
        print(name, samples["requests_total"], "orders_total" in samples)
    except ValueError as error:
        print(name, "refused:", str(error).split(",otel")[0])
PY
node write.cjs >javascript.txt
venv/bin/python write.py >python.txt
grep -o '^requests_total{http_route="a",http_route="b"' javascript.txt >seen.txt
venv/bin/python read.py javascript.txt python.txt >>seen.txt
cat seen.txt
diff seen.txt - <<'EXPECTED'
requests_total{http_route="a",http_route="b"
javascript.txt refused: Invalid labels: http_route="a",http_route="b"
python.txt b True
EXPECTED
