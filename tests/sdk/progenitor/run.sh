#!/usr/bin/env bash
# Oxide's progenitor, which reads OpenAPI 3.0 only.
set -euo pipefail
command -v cargo >/dev/null || { echo "SKIP: cargo is not installed"; exit 77; }
cp -r "$(dirname "$0")"/crate/. "$WORK/"
cp "$OPENAPI_30" "$WORK/openapi.json"
cd "$WORK"
CARGO_TARGET_DIR=$TOOLS/cargo cargo fetch || { echo "SKIP: the crates cannot be fetched"; exit 77; }
CARGO_TARGET_DIR=$TOOLS/cargo cargo run --quiet
