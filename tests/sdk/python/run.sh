#!/usr/bin/env bash
# openapi-generator's Python.
set -euo pipefail
python=$TOOLS/venv/bin
[ -e "$TOOLS/venv/ready" ] || { echo "SKIP: no Python packages"; exit 77; }
command -v java >/dev/null || { echo "SKIP: java is not installed"; exit 77; }
rm -rf "$WORK/client"
"$GENERATOR" generate -g python -i "$OPENAPI" -o "$WORK/client"
PYTHONPATH=$WORK/client "$python/python" "$(dirname "$0")/check.py"
