#!/usr/bin/env bash
# A browser against the demo: EventSource and WebSocket as Chromium has them. Needs
# node, npm (for playwright-core, fetched below the target directory) and Chromium;
# CHROMIUM names one that is not in the PATH.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/browser: $*"; exit 77; }

playwright=playwright-core@1.65.1
command -v node >/dev/null || skip "node is not installed"
command -v npm >/dev/null || skip "npm is not installed"
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[ -n "$chromium" ] || skip "Chromium is not installed; install it or set CHROMIUM"

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/browser"
modules=$(cd "$target/browser" && pwd)
[ -d "$modules/node_modules/playwright-core" ] ||
  npm install --prefix "$modules" --no-save --no-audit --no-fund --loglevel=error "$playwright" ||
  skip "npm cannot fetch $playwright"

cargo build --locked --bin trestle
TRESTLE=$target/debug/trestle CHROMIUM=$chromium PLAYWRIGHT=$modules/node_modules/playwright-core \
  sh -c "node tests/browser/browser.mjs && node tests/browser/docs.mjs"
