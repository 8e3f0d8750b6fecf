#!/usr/bin/env bash
# Clients made from the gateway's OpenAPI document, each of which calls the gateway
# and checks what comes back, typed. One folder a generator; its run.sh prints
# `ok FEATURE` for each that holds and ends with 77 if its tools cannot be had, 1 if
# something is wrong. Arguments choose among them. Everything is kept below the
# target directory.
set -uo pipefail
cd "$(dirname "$0")/../.."

features="capitalize int64 bytes enum oneof map timestamp query error stream"
all="openapi-fetch hey-api typescript-fetch openapi-python-client python go java rust progenitor"

target=${CARGO_TARGET_DIR:-target}
mkdir -p "$target/sdk"
target=$(cd "$target" && pwd)
export TOOLS=$target/sdk
cargo build --locked --example sdk_server || exit 1

coproc SERVER { exec "$target/debug/examples/sdk_server"; }
server=$SERVER_PID
trap 'kill $server 2>/dev/null' EXIT
read -r -t 30 URL <&"${SERVER[0]}" || { echo "the server does not start"; exit 1; }
export URL OPENAPI=$TOOLS/openapi.json OPENAPI_30=$TOOLS/openapi-3.0.json
curl -fsS "$URL/openapi.json" -o "$OPENAPI" || exit 1
curl -fsS "$URL/openapi.json?version=3.0" -o "$OPENAPI_30" || exit 1

# Python tools and npm packages that several folders need, fetched once.
export GENERATOR=$TOOLS/venv/bin/openapi-generator-cli
if command -v python3 >/dev/null && [ ! -e "$TOOLS/venv/ready" ]; then
  python3 -m venv "$TOOLS/venv" &&
    "$TOOLS/venv/bin/pip" install --quiet openapi-generator-cli==7.26.0 openapi-python-client==0.29.1 ruff \
      httpx attrs python-dateutil urllib3 pydantic typing-extensions && touch "$TOOLS/venv/ready"
fi
if command -v npm >/dev/null && [ ! -e "$TOOLS/npm/ready" ]; then
  npm install --prefix "$TOOLS/npm" --no-save --no-audit --no-fund --loglevel=error \
    openapi-typescript@7.13.0 openapi-fetch@0.17.0 @hey-api/openapi-ts@0.95.0 typescript@5.9.3 @types/node@20 &&
    touch "$TOOLS/npm/ready"
fi

failed=0
table=$(printf '%-22s' SDK; printf ' %-10s' $features)
for sdk in ${*:-$all}; do
  export WORK=$TOOLS/$sdk
  mkdir -p "$WORK"
  timeout "${LIMIT:-600}" "tests/sdk/$sdk/run.sh" >"$WORK/log" 2>&1
  code=$?
  row=$(printf '%-22s' "$sdk")
  case $code in
    0)
      for feature in $features; do
        if grep -qx "ok $feature" "$WORK/log"; then cell=ok
        elif grep -qx "lacks $feature" "$WORK/log"; then cell=-
        else cell=FAILED failed=1; fi
        row+=$(printf ' %-10s' "$cell")
      done ;;
    77) row+=" $(grep -m1 ^SKIP "$WORK/log" || echo SKIP)" ;;
    *)
      row+=" FAILED ($code)"
      failed=1
      echo "--- $sdk"
      tail -n 40 "$WORK/log" ;;
  esac
  echo "$row"
  table+=$'\n'$row
done
echo
echo "$table"
exit $failed
