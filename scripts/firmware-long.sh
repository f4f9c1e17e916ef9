#!/usr/bin/env bash
# firmware-long.sh PREDICTIONS BOARD...: the firmware predicts for so long on emulated boards, with
# the self-test, the walk through flash and the look at the stack in between; its stream must have
# the host's bits. Prints what each board saw.
set -euo pipefail
cd "$(dirname "$0")/.."

predictions="$1"
shift
expected="$(cargo run --locked --quiet --release -p mdn-infer --example long_run -- 1000 |
    grep -o 'stream 0x[0-9a-f]*')"
for board in "$@"; do
    output="$(cd firmware-example && BOARD="$board" MDN_PREDICTIONS="$predictions" \
        TIMEOUT="${TIMEOUT:-900}" cargo run --locked --quiet --release)" || {
        printf '%s\n' "$output" >&2
        exit 1
    }
    printf '%s\n' "$board" "$(grep -E '^(watch|watched|stack):' <<<"$output")"
    if ! grep -q "$expected" <<<"$output"; then
        echo "$board: the host says $expected" >&2
        exit 1
    fi
done
