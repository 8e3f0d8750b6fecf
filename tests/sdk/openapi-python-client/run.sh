#!/usr/bin/env bash
# openapi-python-client.
set -euo pipefail
python=$TOOLS/venv/bin
[ -e "$TOOLS/venv/ready" ] || { echo "SKIP: no Python packages"; exit 77; }
PATH=$python:$PATH openapi-python-client generate --path "$OPENAPI" --output-path "$WORK/client" --meta none --overwrite
PYTHONPATH=$WORK "$python/python" "$(dirname "$0")/check.py"
