#!/usr/bin/env bash
# openapi-generator's Java, on OkHttp and Gson as it does by default.
set -euo pipefail
command -v mvn >/dev/null && command -v java >/dev/null || { echo "SKIP: Java or Maven is not installed"; exit 77; }
[ -x "$GENERATOR" ] || { echo "SKIP: openapi-generator cannot run"; exit 77; }
rm -rf "$WORK/client/src"
"$GENERATOR" generate -g java -i "$OPENAPI" -o "$WORK/client" \
  -p generateApiTests=false,generateModelTests=false,hideGenerationTimestamp=true
cp "$(dirname "$0")/Check.java" "$WORK/client/src/main/java/"
cd "$WORK/client"
mvn -B -q dependency:build-classpath -Dmdep.outputFile=classpath || { echo "SKIP: Maven cannot fetch what the client needs"; exit 77; }
# The client's own build runs formatters and tests; only the compiler matters here.
mkdir -p classes
find src/main/java -name '*.java' >sources
javac -nowarn -d classes -cp "$(cat classpath)" @sources
# Maven leaves a colour code without a line of its own.
echo
java -cp "classes:$(cat classpath)" Check
