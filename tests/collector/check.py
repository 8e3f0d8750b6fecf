"""One trace of a client, the gateway and the backend in the OpenTelemetry
Collector: each sends its spans there, by gRPC, then by HTTP, and the collector
hands on what it understood, as JSON."""

import json
import os
import pathlib
import sys
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "exporters"))
from peers import Failed, Sink, call, demo, free_port, running, trace, until

CONFIG = """
receivers:
  otlp:
    protocols:
      grpc: {{ endpoint: "127.0.0.1:{grpc}" }}
      http: {{ endpoint: "127.0.0.1:{http}" }}
exporters:
  otlphttp:
    endpoint: {sink}
    encoding: json
    compression: none
    sending_queue: {{ enabled: false }}
service:
  telemetry:
    metrics: {{ level: none }}
    logs: {{ level: error }}
  pipelines:
    traces: {{ receivers: [otlp], exporters: [otlphttp] }}
    metrics: {{ receivers: [otlp], exporters: [otlphttp] }}
"""
KINDS = {1: "internal", 2: "server", 3: "client"}


def value(any_value):
    (kind, found), = any_value.items()
    return int(found) if kind == "intValue" else found


def attributes(pairs):
    return {pair["key"]: value(pair["value"]) for pair in pairs}


class Spans:
    """The spans of one trace, as they come."""

    def __init__(self, sink, trace_id):
        self.sink, self.trace_id, self.found = sink, trace_id, {}

    def read(self):
        while not self.sink.posts.empty():
            path, _, body, _ = self.sink.posts.get()
            if path != "/v1/traces":
                continue
            for resource in json.loads(body)["resourceSpans"]:
                service = attributes(resource["resource"]["attributes"])["service.name"]
                for scope in resource["scopeSpans"]:
                    for span in scope["spans"]:
                        if span["traceId"] == self.trace_id:
                            self.found[span["spanId"]] = span | {"service": service}

    def child(self, parent, kind):
        self.read()
        for span in self.found.values():
            if span.get("parentSpanId") == parent and KINDS.get(span["kind"]) == kind:
                return span
        return None


def client_span(url, trace_id, span_id, start):
    """The client's own span, from an exporter that is not ours."""
    span = {
        "traceId": trace_id,
        "spanId": span_id,
        "name": "Client.Capitalize",
        "kind": 3,
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(time.time_ns()),
    }
    name = {"key": "service.name", "value": {"stringValue": "client"}}
    body = {"resourceSpans": [{"resource": {"attributes": [name]}, "scopeSpans": [{"spans": [span]}]}]}
    request = urllib.request.Request(
        f"{url}/v1/traces",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json"},
    )
    urllib.request.urlopen(request, timeout=10).close()


def listens(url):
    try:
        urllib.request.urlopen(url, timeout=1)
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def check(protocol, collector, folder):
    sink = Sink()
    ports = {"grpc": free_port(), "http": free_port()}
    config = folder / "collector.yaml"
    config.write_text(CONFIG.format(sink=sink.url, **ports))
    http = f"http://127.0.0.1:{ports['http']}"
    endpoint = http if protocol == "http/protobuf" else f"http://127.0.0.1:{ports['grpc']}"
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
    }
    trace_id, root = trace()
    with running([collector, "--config", str(config)]):
        until("the collector listens", lambda: listens(http))
        with demo(**environment) as (gateway, _):
            start = time.time_ns()
            call(gateway, traceparent=f"00-{trace_id}-{root}-01")
            client_span(http, trace_id, root, start)
            spans = Spans(sink, trace_id)
            server = until("the gateway's span", lambda: spans.child(root, "server"))
            client = until("the gateway's call", lambda: spans.child(server["spanId"], "client"))
            backend = until("the backend's span", lambda: spans.child(client["spanId"], "server"))
            work = until("its work", lambda: spans.child(backend["spanId"], "internal"))
            until("the client's own span", lambda: spans.read() or spans.found.get(root))
    expect(server["name"], "POST /api/capitalize")
    expect(attributes(server["attributes"])["http.response.status_code"], 200)
    expect(client["name"], "rpc.Fetch/Capitalize")
    expect(attributes(client["attributes"])["rpc.response.status_code"], "OK")
    expect(backend["name"], "rpc.Fetch/Capitalize")
    expect(work["name"], "(*fetchIt).Capitalize")
    event, = work["events"]
    expect((event["name"], attributes(event["attributes"])["len"]), ("Data in", 11))
    expect(len(spans.found), 5)
    print(f"{protocol}: one trace of {', '.join(sorted(span['service'] + ' ' + span['name'] for span in spans.found.values()))}")


def expect(found, expected):
    if found != expected:
        raise Failed(f"found {found!r}, expected {expected!r}")


def main():
    collector, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    for protocol in ["grpc", "http/protobuf"]:
        try:
            check(protocol, collector, folder)
        except Failed as failed:
            sys.exit(f"FAILED: {protocol}: {failed}")


if __name__ == "__main__":
    main()
