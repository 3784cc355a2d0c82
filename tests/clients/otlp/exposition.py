"""Reads metrics in the text form of Prometheus from its input, with the parser of Prometheus' own client, and prints them as
a list in JSON. What the parser refuses ends it with an error."""

import json
import sys

from prometheus_client.parser import text_string_to_metric_families

print(
    json.dumps(
        [
            {
                "name": metric.name,
                "help": metric.documentation,
                "type": metric.type,
                "samples": [
                    {"name": sample.name, "labels": sample.labels, "value": sample.value}
                    for sample in metric.samples
                ],
            }
            for metric in text_string_to_metric_families(sys.stdin.read())
        ]
    )
)
