#!/usr/bin/env bash
# openapi-generator's Go.
set -euo pipefail
command -v go >/dev/null || { echo "SKIP: Go is not installed"; exit 77; }
command -v java >/dev/null && [ -x "$GENERATOR" ] || { echo "SKIP: openapi-generator cannot run"; exit 77; }
rm -rf "$WORK/client"
"$GENERATOR" generate -g go -i "$OPENAPI" -o "$WORK/client" -p packageName=store,withGoMod=false,generateInterfaces=false
rm -rf "$WORK/client/test"
mkdir -p "$WORK/client/check"
cp "$(dirname "$0")/check.go" "$WORK/client/check/main.go"
cd "$WORK/client"
printf 'module example.com/store\n\ngo 1.21\n' >go.mod
go mod tidy || { echo "SKIP: the Go modules cannot be fetched"; exit 77; }
go vet ./... && go run ./check
