#!/usr/bin/env bash
# AWS's own X-Ray daemon takes the spans for segments. It is in no package registry:
# XRAY_DAEMON names its program, or `xray` in the PATH, where AWS's packages put it.
set -euo pipefail
cd "$(dirname "$0")/../.."

skip() { echo "SKIP: tests/xray_daemon: $*"; exit 77; }

daemon=${XRAY_DAEMON:-$(command -v xray || true)}
[ -n "$daemon" ] || skip "AWS's X-Ray daemon is not installed; install it or set XRAY_DAEMON"
command -v python3 >/dev/null || skip "python3 is not installed"

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/xray_daemon"
cargo build --locked --bin trestle
TRESTLE=$target/debug/trestle python3 tests/xray_daemon/check.py "$daemon" "$target/xray_daemon"
