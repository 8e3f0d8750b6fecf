#!/usr/bin/env bash
# The documents in openapi/ against the linters that people use. Any finding fails.
# Tools are fetched below the target directory once; without npm, Python or a
# network: SKIP. What the gateway answers is held to its document by
# tests/schemathesis/run.sh and by tests/openapi/truth.rs.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/openapi: $*"; exit 77; }

redocly=@redocly/cli@2.77.0
spectral=@stoplight/spectral-cli@6.16.3
validator=openapi-spec-validator==0.9.0

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
[ -x "$python/openapi-spec-validator" ] || {
  python3 -m venv "$tools/venv" && "$python/pip" install --quiet "$validator"
} || skip "pip cannot fetch the validator"

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

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true
no_warnings() { "$@" 2>&1 | tee "$tools/said" && ! grep -q "You have .* warning" "$tools/said"; }
for document in openapi/*; do
  check "redocly $document" no_warnings "$bin/redocly" lint --config tests/openapi/redocly.yaml "$document"
  check "spectral $document" "$bin/spectral" lint --fail-severity hint -r tests/openapi/spectral.yaml "$document"
  check "openapi-spec-validator $document" "$python/openapi-spec-validator" "$document"
done

exit $failed
