#!/usr/bin/env bash
# The files of deploy/ for Prometheus, Grafana and Compose, checked by Prometheus's
# own promtool and against the metrics of the demo. promtool is taken from the PATH
# or PROMTOOL, else fetched from Debian once, below the target directory.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/dashboards: $*"; exit 77; }

pyyaml=PyYAML==6.0.2
command -v python3 >/dev/null || skip "python3 is not installed"

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/dashboards"
work=$(cd "$target/dashboards" && pwd)
promtool=${PROMTOOL:-$(command -v promtool || true)}
if [ -z "$promtool" ]; then
  promtool=$work/prometheus/usr/bin/promtool
  if [ ! -x "$promtool" ]; then
    command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
      skip "promtool is not installed, and there is no apt-get to fetch it; set PROMTOOL"
    (cd "$work" && apt-get -qq download prometheus && dpkg-deb -x prometheus_*.deb prometheus) 2>"$work/apt.log" ||
      skip "apt-get cannot fetch prometheus, see $work/apt.log"
  fi
fi
[ -d "$work/python/yaml" ] ||
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$work/python" "$pyyaml" ||
  skip "pip cannot fetch $pyyaml"

if docker compose version >/dev/null 2>&1; then
  docker compose -f deploy/compose/compose.yaml config --quiet
fi

cargo build --locked --bin trestle
TRESTLE=$target/debug/trestle PROMTOOL=$promtool PYTHONPATH=$work/python \
  python3 tests/dashboards/check.py "$work"
