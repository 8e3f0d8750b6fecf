#!/usr/bin/env bash
# The OpenAPI document against the gateway that it describes: schemathesis (PyPI)
# makes requests of it and holds the answers to it. Needs python3; SCHEMATHESIS names
# a program that is there already.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/schemathesis: $*"; exit 77; }

# The cases that a seed makes are those of this version.
package=schemathesis==4.32.5
target=${CARGO_TARGET_DIR:-target}
if [ -z "${SCHEMATHESIS:-}" ]; then
  folder=$target/schemathesis
  venv=$folder/${package#*==}
  SCHEMATHESIS=$venv/bin/schemathesis
  if [ ! -x "$SCHEMATHESIS" ]; then
    command -v python3 >/dev/null || skip "python3 is not installed"
    mkdir -p "$folder"
    python3 -m venv "$venv" >"$folder/pip.log" 2>&1 || skip "python3 has no venv, see $folder/pip.log"
    "$venv/bin/pip" install --quiet "$package" >>"$folder/pip.log" 2>&1 ||
      skip "pip cannot fetch $package, see $folder/pip.log"
  fi
fi
SCHEMATHESIS=$(realpath --no-symlinks "$SCHEMATHESIS")
"$SCHEMATHESIS" --version >/dev/null 2>&1 || skip "$SCHEMATHESIS does not run here"

SCHEMATHESIS=$SCHEMATHESIS SCHEMATHESIS_HOOKS=hooks PYTHONPATH=$PWD/tests/schemathesis \
  cargo test --locked --test front_door schemathesis:: -- --ignored --nocapture
