#!/usr/bin/env bash
# The documents in openapi/ against the linters that people use, and the demo
# against its own document by schemathesis. Any finding fails. Tools are fetched
# below the target directory once; without npm, Python or a network: SKIP.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/openapi: $*"; exit 77; }

redocly=@redocly/cli@2.77.0
spectral=@stoplight/spectral-cli@6.16.3
validator=openapi-spec-validator==0.9.0
schemathesis=schemathesis==4.32.5
cases=${CASES:-100}

command -v npm >/dev/null || skip "npm is not installed"
command -v python3 >/dev/null || skip "Python is not installed"
target=${CARGO_TARGET_DIR:-target}
tools=$target/openapi
mkdir -p "$tools/npm"
tools=$(cd "$tools" && pwd)
bin=$tools/npm/node_modules/.bin
[ -x "$bin/redocly" ] && [ -x "$bin/spectral" ] ||
  npm install --prefix "$tools/npm" --no-save --no-audit --no-fund --loglevel=error "$redocly" "$spectral" ||
  skip "npm cannot fetch the linters"
python=$tools/venv/bin
[ -x "$python/schemathesis" ] && [ -x "$python/openapi-spec-validator" ] || {
  python3 -m venv "$tools/venv" && "$python/pip" install --quiet "$validator" "$schemathesis"
} || skip "pip cannot fetch the validators"

cargo build --locked --bin trestle
failed=0
check() { # what, command…
  local what=$1
  shift
  if "$@" >"$tools/log" 2>&1; then
    echo "ok: $what"
  else
    echo "FAILED: $what"
    cat "$tools/log"
    failed=1
  fi
}

export SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$PWD/tests/openapi PYTHONDONTWRITEBYTECODE=1
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
no_warnings() { "$@" 2>&1 | tee "$tools/said" && ! grep -q "You have .* warning" "$tools/said"; }
for document in openapi/*; do
  check "redocly $document" no_warnings "$bin/redocly" lint --config tests/openapi/redocly.yaml "$document"
  check "spectral $document" "$bin/spectral" lint --fail-severity hint -r tests/openapi/spectral.yaml "$document"
  check "openapi-spec-validator $document" "$python/openapi-spec-validator" "$document"
done

# A random port; the demo says which.
"$target/debug/trestle" demo --listen 127.0.0.1:0 --admin-listen 127.0.0.1:0 --backend-listen 127.0.0.1:0 \
  --log-format json 2>"$tools/demo.log" &
demo=$!
trap 'kill $demo 2>/dev/null || true' EXIT
# The log is a file that grows: tail ends as soon as the line is there.
line=$(timeout 30 sh -c "tail -n +1 -F '$tools/demo.log' 2>/dev/null | grep -m1 '\"message\":\"ready\"'") ||
  { echo "FAILED: the demo is not ready"; exit 1; }
url=$(python3 -c 'import json,sys; print(json.loads(sys.argv[1])["gateway"])' "$line")
# Not that whatever a schema allows is accepted: an int64 is a string there, and
# not every string is one. And not the stream in both directions, whose reply breaks
# off when a later message of the request is at fault, as it should.
for version in 3.1 3.0; do
  check "schemathesis, OpenAPI $version" "$python/schemathesis" run "$url/openapi.json?version=$version" \
    --checks all --exclude-checks positive_data_acceptance --exclude-path /api/capitalize/stream --max-examples "$cases" --seed 1
  grep -E "[0-9]+ generated|Test cases" "$tools/log" || true
done
exit $failed
