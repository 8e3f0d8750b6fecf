#!/usr/bin/env bash
# One trace of client, gateway and backend in a real OpenTelemetry Collector, which
# Go builds of its published modules, once, below the target directory.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/collector: $*"; exit 77; }

command -v go >/dev/null || skip "go is not installed; it builds the collector"
command -v python3 >/dev/null || skip "python3 is not installed"

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/collector"
work=$(cd "$target/collector" && pwd)
if ! cmp -s tests/collector/go.mod "$work/built.mod" || [ tests/collector/main.go -nt "$work/collector" ]; then
  cp tests/collector/go.mod tests/collector/main.go "$work/"
  (cd "$work" && GOFLAGS=-mod=mod go build -o collector . 2>"$work/build.log") ||
    skip "go cannot build the collector, see $work/build.log"
  cp tests/collector/go.mod "$work/built.mod"
fi

# What deploy/ gives the collector is a configuration of the collector's.
"$work/collector" validate --config deploy/collector/collector.yaml
echo "deploy/collector/collector.yaml is valid"

cargo build --locked --bin trestle
TRESTLE=$target/debug/trestle python3 tests/collector/check.py "$work/collector" "$work"
