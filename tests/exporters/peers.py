"""What the tests against real receivers share: the demo with an environment, a
sink that keeps what is posted to it, and waiting for what is to happen."""

import contextlib
import gzip
import http.server
import json
import os
import queue
import secrets
import signal
import socket
import subprocess
import threading
import time
import urllib.request

PATIENCE = 30


class Failed(Exception):
    """The test did not see what it should."""


class Sink(http.server.ThreadingHTTPServer):
    """Takes every POST: (path, headers, unpacked body, body as it came)."""

    daemon_threads = True

    def __init__(self):
        self.posts = queue.Queue()
        super().__init__(("127.0.0.1", 0), SinkHandler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"


class SinkHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        raw = self.rfile.read(int(self.headers.get("content-length", 0)))
        packed = self.headers.get("content-encoding") == "gzip"
        self.server.posts.put((self.path, self.headers, gzip.decompress(raw) if packed else raw, raw))
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def until(what, check):
    """Asks `check` until it answers something true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = check()
        if found:
            return found
        time.sleep(0.05)
    raise Failed(f"{what}: not within {PATIENCE} s")


@contextlib.contextmanager
def running(command, stderr=None, **environment):
    """A program that is stopped, and waited for, at the end."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "AWS_", "TRESTLE_"))}
    process = subprocess.Popen(command, env=clean | environment, stderr=stderr, text=True, encoding="utf-8")
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            raise Failed(f"{command[0]} did not end") from None


@contextlib.contextmanager
def demo(**environment):
    """The demo on free ports; gives the gateway's URL, and those of admin ports."""
    flags = ["--listen", "--admin-listen", "--backend-listen", "--backend-admin-listen"]
    program = os.environ["TRESTLE"]
    known = subprocess.run([program, "demo", "--help"], capture_output=True, text=True, check=True).stdout
    command = [program, "demo", "--log-format", "json"]
    for flag in flags:
        if f"{flag} " in known:
            command += [flag, "127.0.0.1:0"]
    with running(command, subprocess.PIPE, **environment) as process:
        lines = queue.Queue()
        threading.Thread(target=lambda: [lines.put(line) for line in process.stderr], daemon=True).start()
        addresses = until("the demo is ready", lambda: banner(lines, process))
        yield addresses["gateway"], [url for name, url in addresses.items() if name.endswith("admin")]


def banner(lines, process):
    """The line that says where the demo listens, among those of its log."""
    if process.poll() is not None:
        raise Failed(f"the demo ended: {''.join(lines.queue)}")
    with contextlib.suppress(queue.Empty):
        line = json.loads(lines.get(timeout=1))
        return line if "gateway" in line else None


def call(gateway, **headers):
    """One request to the demo."""
    request = urllib.request.Request(
        f"{gateway}/api/capitalize",
        data=b'{"id":7,"data":"aGVsbG8gd29ybGQ="}',
        headers={"content-type": "application/json"} | headers,
    )
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        return answer.read()


def trace():
    """A trace id of this hour, as X-Ray wants it, and a span id."""
    return f"{int(time.time()):08x}{secrets.token_hex(12)}", secrets.token_hex(8)
