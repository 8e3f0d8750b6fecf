#!/bin/sh
# Plays the W3C's trace-context suite, at both levels of the specification, to
# `trestle serve` with a gRPC backend behind it that makes the calls which the suite
# asks for (service.rs). The suite is taken from the folder W3C_TRACE_CONTEXT (a
# checkout of github.com/w3c/trace-context), or fetched once into the target
# directory, with the Python package that it needs.
#
# Exit: 0 all passed; 1 a test failed; 77 skipped, with a line that says why.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/w3c
commit=acab820be9db7b3433668baa5cdd43f57f4c4be0
mkdir -p "$work"

skip() {
    echo "SKIP: $1"
    exit 77
}

command -v python3 >/dev/null 2>&1 || skip "python3 is not installed; the suite is written in it"

suite=${W3C_TRACE_CONTEXT:-$work/suite}
if [ ! -f "$suite/test/test.py" ]; then
    [ -z "${W3C_TRACE_CONTEXT:-}" ] || skip "there is no test/test.py in $suite"
    command -v git >/dev/null 2>&1 || skip "git is not installed; it is needed to fetch the suite"
    rm -rf "$suite"
    git init --quiet "$suite"
    (cd "$suite" &&
        GIT_TERMINAL_PROMPT=0 timeout 60 git fetch --quiet --depth 1 \
            https://github.com/w3c/trace-context "$commit" &&
        git checkout --quiet FETCH_HEAD) >"$work/git.log" 2>&1 || {
        rm -rf "$suite"
        skip "git cannot fetch the suite, see $work/git.log; W3C_TRACE_CONTEXT may name a checkout"
    }
fi

packages=$work/packages
if ! PYTHONPATH=$packages python3 -c "import aiohttp" 2>/dev/null; then
    python3 -m pip install --quiet --target "$packages" aiohttp >"$work/pip.log" 2>&1 ||
        skip "pip cannot fetch aiohttp, see $work/pip.log"
fi

(cd "$root" && cargo build --quiet --bin trestle --example w3c_service)

# Three ports that are free now.
ports=$(python3 -c "
import socket
sockets = [socket.socket() for _ in range(4)]
for s in sockets: s.bind(('127.0.0.1', 0))
print(*[s.getsockname()[1] for s in sockets])")
# shellcheck disable=SC2086
set -- $ports
backend=127.0.0.1:$1 gateway=127.0.0.1:$2 admin=127.0.0.1:$3 harness=$4

export OTEL_TRACES_EXPORTER=console
"$target/debug/examples/w3c_service" "$backend" "$here" >"$work/backend.log" 2>&1 &
backend_id=$!
"$target/debug/trestle" serve --upstream "http://$backend" \
    --proto "$here/calls.proto" --proto-path "$here" \
    --listen "$gateway" --admin-listen "$admin" >"$work/gateway.log" 2>&1 &
gateway_id=$!
trap 'kill $backend_id $gateway_id 2>/dev/null || true' EXIT

python3 - "$gateway" "$backend" <<'PYTHON'
import socket, sys, time
end = time.monotonic() + 20
for address in sys.argv[1:]:
    host, port = address.split(":")
    while True:
        try:
            socket.create_connection((host, int(port)), 1).close()
            break
        except OSError:
            if time.monotonic() > end:
                sys.exit("nobody listens on " + address)
            time.sleep(0.05)
PYTHON

failed=0
for level in 1 2; do
    echo "== level $level"
    (cd "$suite/test" && PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$packages \
        SPEC_LEVEL=$level STRICT_LEVEL=2 HARNESS_PORT=$harness \
        timeout 180 python3 test.py "http://$gateway/test") >"$work/level-$level.log" 2>&1 || failed=1
    grep -E "^(FAIL|ERROR):|^Ran |^OK|^FAILED" "$work/level-$level.log" || tail -n 20 "$work/level-$level.log"
done
exit $failed
