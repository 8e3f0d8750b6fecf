#!/usr/bin/env bash
# openapi-generator's TypeScript for fetch.
set -euo pipefail
[ -e "$TOOLS/npm/ready" ] || { echo "SKIP: no npm packages"; exit 77; }
bin=$TOOLS/npm/node_modules/.bin
rm -rf "$WORK/src" "$WORK/js"
mkdir -p "$WORK/src"
command -v java >/dev/null || { echo "SKIP: java is not installed"; exit 77; }
"$GENERATOR" generate -g typescript-fetch -i "$OPENAPI" -o "$WORK/src/client"
cp "$(dirname "$0")/check.ts" "$WORK/src/"
ln -sfn "$TOOLS/npm/node_modules" "$WORK/node_modules"
"$bin/tsc" --strict --skipLibCheck --target es2022 --lib es2022,dom,dom.iterable,dom.asynciterable --module commonjs \
  --moduleResolution node10 --types node --typeRoots "$TOOLS/npm/node_modules/@types" --outDir "$WORK/js" "$WORK/src/check.ts"
node "$WORK/js/check.js"
