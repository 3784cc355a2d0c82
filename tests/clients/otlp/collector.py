"""A collector of OpenTelemetry over HTTP.

Prints the port of this machine at which it listens, and then a line of JSON for each request: its path, its headers and
what is in it, read with the classes that the protocol's makers publish. What they cannot read is answered with 400. It
ends when its standard input does.
"""

import gzip
import json
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf.json_format import MessageToDict
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

TAKEN = {
    "/v1/traces": (traces.ExportTraceServiceRequest, traces.ExportTraceServiceResponse),
    "/v1/metrics": (metrics.ExportMetricsServiceRequest, metrics.ExportMetricsServiceResponse),
}
printing = threading.Lock()


def say(value):
    with printing:
        print(json.dumps(value), flush=True)


class Collector(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        if self.path not in TAKEN:
            return self.answer(404, b"")
        if self.headers.get("content-type") != "application/x-protobuf":
            return self.answer(415, b"")
        request_class, response_class = TAKEN[self.path]
        try:
            request = request_class.FromString(body)
        except DecodeError:
            return self.answer(400, b"")
        headers = {name.lower(): value for name, value in self.headers.items()}
        say({"path": self.path, "headers": headers, "body": MessageToDict(request)})
        self.answer(200, response_class().SerializeToString())

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("content-type", "application/x-protobuf")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def end_with_stdin():
    sys.stdin.read()
    os._exit(0)


server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
threading.Thread(target=end_with_stdin, daemon=True).start()
say({"port": server.server_address[1]})
server.serve_forever()
