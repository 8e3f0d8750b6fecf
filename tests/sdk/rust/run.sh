#!/usr/bin/env bash
# openapi-generator's Rust.
set -euo pipefail
[ -x "$GENERATOR" ] && command -v java >/dev/null || { echo "SKIP: openapi-generator cannot run"; exit 77; }
rm -rf "$WORK/client/src"
"$GENERATOR" generate -g rust -i "$OPENAPI" -o "$WORK/client" -p packageName=store,preferUnsignedInt=false
mkdir -p "$WORK/client/examples"
cp "$(dirname "$0")/check.rs" "$WORK/client/examples/"
cd "$WORK/client"
# Loopback needs no TLS; the check needs a runtime.
sed -i 's/^default = .*/default = []/' Cargo.toml
grep -q '^tokio' Cargo.toml || printf '\n[dev-dependencies]\ntokio = { version = "1", features = ["rt", "macros"] }\n\n[workspace]\n' >>Cargo.toml
CARGO_TARGET_DIR=$TOOLS/cargo cargo fetch || { echo "SKIP: the crates cannot be fetched"; exit 77; }
CARGO_TARGET_DIR=$TOOLS/cargo cargo run --quiet --example check
