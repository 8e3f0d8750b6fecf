"""The demo's spans to AWS's X-Ray daemon, which posts what it takes for segments to
a stand-in for X-Ray."""

import json
import pathlib
import socket
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "exporters"))
from peers import Failed, Sink, call, demo, free_port, running, trace, until

CONFIG = """
Version: 2
Region: eu-central-1
Endpoint: {sink}
LocalMode: true
Socket: {{ UDPAddress: "127.0.0.1:{udp}", TCPAddress: "127.0.0.1:{tcp}" }}
Logging: {{ LogLevel: error }}
"""
KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}


def segments(sink, found):
    while not sink.posts.empty():
        path, _, body, _ = sink.posts.get()
        if path == "/TraceSegments":
            documents = json.loads(body)["TraceSegmentDocuments"]
            found.extend(json.loads(document) for document in documents)
    return found


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def check(daemon, folder):
    sink = Sink()
    ports = {"udp": free_port(socket.SOCK_DGRAM), "tcp": free_port()}
    config = folder / "xray.yaml"
    config.write_text(CONFIG.format(sink=sink.url, **ports))
    trace_id, root = trace()
    environment = {
        "OTEL_TRACES_EXPORTER": "xray-daemon",
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{ports['udp']}",
    }
    xray_id = f"1-{trace_id[:8]}-{trace_id[8:]}"
    with running([daemon, "-c", str(config)], **KEYS):
        until("the daemon listens", lambda: listens(ports["tcp"]))
        with demo(**environment) as (gateway, _):
            call(gateway, **{"x-amzn-trace-id": f"Root={xray_id};Parent={root};Sampled=1"})
            found = []
            until("four segments", lambda: len(segments(sink, found)) >= 4)
    if {document["trace_id"] for document in found} != {xray_id}:
        raise Failed(f"of another trace: {found}")
    by_parent = {document["parent_id"]: document for document in found}
    chain, names, parent = [], [], root
    while parent in by_parent:
        document = by_parent[parent]
        chain.append((document.get("type", "segment"), document.get("namespace")))
        names.append(document["name"])
        parent = document["id"]
    expected = [("segment", None), ("subsegment", "remote"), ("segment", None), ("subsegment", None)]
    if chain != expected:
        raise Failed(f"found {chain}, expected {expected}: {found}")
    print(f"the daemon posts {' > '.join(names)}")


def main():
    try:
        check(sys.argv[1], pathlib.Path(sys.argv[2]))
    except Failed as failed:
        sys.exit(f"FAILED: {failed}")


if __name__ == "__main__":
    main()
