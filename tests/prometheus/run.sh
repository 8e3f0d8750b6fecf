#!/usr/bin/env bash
# A real Prometheus reads the demo's two admin ports: both are up, their text passes
# promtool's checks, and the query of gRPC's own guide is answered, by both names
# that gRPC calls can have. Prometheus is the installed one, or Debian's, unpacked
# below the target directory.
#
# Exit: 0 all held, 77 skipped with a line that says what is missing, 1 otherwise.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/prometheus: $*"; exit 77; }
fail() { echo "FAIL: tests/prometheus: $*" >&2; exit 1; }

for tool in curl python3; do
  command -v $tool >/dev/null || skip "$tool is not installed"
done

target=${CARGO_TARGET_DIR:-target}
work=$target/prometheus
mkdir -p "$work"
work=$(cd "$work" && pwd)
PATH=$PATH:$work/debian/usr/bin
if ! command -v prometheus >/dev/null || ! command -v promtool >/dev/null; then
  command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null ||
    skip "prometheus is not installed, and there is no apt-get to fetch it with"
  (cd "$work" && rm -f prometheus_*.deb && apt-get download prometheus) >"$work/apt.log" 2>&1 ||
    skip "apt-get cannot download prometheus, see $work/apt.log"
  rm -rf "$work/debian.part"
  dpkg-deb -x "$work"/prometheus_*.deb "$work/debian.part"
  mv "$work/debian.part" "$work/debian"
fi
prometheus --version >/dev/null 2>&1 || skip "prometheus does not run here"

cargo build --locked --bin trestle

running=()
finish() {
  for process in "${running[@]}"; do kill "$process" 2>/dev/null || true; done
  wait 2>/dev/null || true
}
trap finish EXIT

# Waits until a command succeeds; the last argument is what was waited for.
await() {
  local what=${*: -1} end=$((SECONDS + 60))
  until "${@:1:$#-1}"; do
    [ $SECONDS -lt $end ] || fail "$what did not happen within a minute"
    sleep 0.2
  done
}

any=127.0.0.1:0
: >"$work/demo.log"
# Calls that are sampled are exemplars.
OTEL_TRACES_EXPORTER=console "$target/debug/trestle" demo --log-format json --metrics-names both --listen $any \
  --admin-listen $any --backend-listen $any --backend-admin-listen $any 2>"$work/demo.log" &
running+=($!)
await grep -q '"ready"' "$work/demo.log" "the demo's start"
address() {
  python3 -c 'import json, sys
for line in open(sys.argv[1]):
    said = json.loads(line) if line.startswith("{") else {}
    if said.get("message") == "ready":
        print(said[sys.argv[2]].removeprefix("http://"))' "$work/demo.log" "$1"
}
gateway=$(address gateway) admin=$(address admin) backend=$(address backend_admin)

call() { curl -sf "http://$gateway/api/capitalize" -d '{"data":"aGVsbG8="}' >/dev/null; }
call || fail "the demo does not answer"

for port in "$admin" "$backend"; do
  curl -sf "http://$port/metrics" -o "$work/metrics.txt"
  promtool check metrics <"$work/metrics.txt" >"$work/promtool.log" 2>&1 || {
    # What OpenCensus calls its metrics is as it is; so is a name without `_total`.
    grep -v 'grpc_io_\(client\|server\)_[a-z_]* ' "$work/promtool.log" >"$work/faults.log" || true
    [ ! -s "$work/faults.log" ] || fail "promtool finds: $(cat "$work/faults.log")"
  }
done

cat >"$work/prometheus.yml" <<YAML
global: { scrape_interval: 1s }
scrape_configs:
  - job_name: trestle
    static_configs: [{ targets: ['$admin', '$backend'] }]
YAML
promtool check config "$work/prometheus.yml" >/dev/null || fail "the configuration is at fault"
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
server=127.0.0.1:$(free)
rm -rf "$work/data"
prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/data" \
  --enable-feature=exemplar-storage --web.listen-address="$server" >"$work/prometheus.log" 2>&1 &
running+=($!)
await curl -sf -o /dev/null "http://$server/-/ready" "Prometheus's start"

# Whether a query has as many series as it should, each with a number.
answers() {
  call || true
  curl -sfG "http://$server/api/v1/query" --data-urlencode "query=$2" | python3 -c '
import json, math, sys
result = json.load(sys.stdin)["data"]["result"]
numbers = [float(series["value"][1]) for series in result]
sys.exit(not (len(numbers) == int(sys.argv[1]) and all(map(math.isfinite, numbers))))' "$1"
}
await answers 2 'up == 1' "the scrape of both ports"
for query in \
  'histogram_quantile(0.5, rate(grpc_client_attempt_duration_seconds_bucket[1m]))' \
  'histogram_quantile(0.5, rate(grpc_server_call_duration_seconds_bucket[1m]))' \
  'histogram_quantile(0.5, rate(http_server_request_duration_seconds_bucket[1m]))' \
  'histogram_quantile(0.5, rate(grpc_io_client_roundtrip_latency_bucket[1m]))' \
  'rate(grpc_client_attempt_started_total[1m]) > 0' \
  'rate(grpc_io_server_completed_rpcs[1m]) > 0'; do
  await answers 1 "$query" "an answer to $query"
  echo "ok: $query"
done
await answers 2 'process_resident_memory_bytes > 0' "the memory of both"

# OpenMetrics as Prometheus itself reads it: it asks for it by default.
exemplars() {
  call || true
  curl -sfG "http://$server/api/v1/query_exemplars" \
    --data-urlencode 'query=grpc_client_attempt_duration_seconds_bucket' \
    --data-urlencode "start=$(($(date +%s) - 300))" --data-urlencode "end=$(date +%s)" |
    grep -q '"trace_id"'
}
await exemplars "an exemplar"
echo "tests/prometheus: all held"
