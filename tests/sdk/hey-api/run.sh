#!/usr/bin/env bash
# @hey-api/openapi-ts.
set -euo pipefail
[ -e "$TOOLS/npm/ready" ] || { echo "SKIP: no npm packages"; exit 77; }
bin=$TOOLS/npm/node_modules/.bin
rm -rf "$WORK/src" "$WORK/js"
mkdir -p "$WORK/src"
# It takes a path without ./ for a name in a registry.
(cd "$TOOLS" && "$bin/openapi-ts" -i ./openapi.json -o "$WORK/src/client" -c @hey-api/client-fetch --no-log-file)
cp "$(dirname "$0")/check.ts" "$WORK/src/"
ln -sfn "$TOOLS/npm/node_modules" "$WORK/node_modules"
"$bin/tsc" --strict --skipLibCheck --target es2022 --lib es2022,dom,dom.iterable,dom.asynciterable --module commonjs \
  --moduleResolution node10 --types node --typeRoots "$TOOLS/npm/node_modules/@types" --outDir "$WORK/js" "$WORK/src/check.ts"
node "$WORK/js/check.js"
