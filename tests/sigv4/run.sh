#!/usr/bin/env bash
# Requests to X-Ray are signed as AWS's own client, botocore, signs them. It is
# fetched once below the target directory.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/sigv4: $*"; exit 77; }

botocore=botocore==1.40.0
command -v python3 >/dev/null || skip "python3 is not installed"

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/sigv4"
work=$(cd "$target/sigv4" && pwd)
[ -d "$work/python/botocore" ] ||
  python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore --target "$work/python" "$botocore" ||
  skip "pip cannot fetch $botocore"

cargo build --locked --bin trestle
TRESTLE=$target/debug/trestle PYTHONPATH=$work/python python3 tests/sigv4/check.py
