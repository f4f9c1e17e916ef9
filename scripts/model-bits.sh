#!/usr/bin/env bash
# Compares the output hash of one model on the host's instruction sets and on emulated boards.
#
#   scripts/model-bits.sh MODEL BOARD...
#
# Prints a table and fails if a hash is missing or differs from the first.
set -euo pipefail

if [ ! -f "$1" ]; then
    echo "there is no model file at $1" >&2
    exit 1
fi
model="$(realpath "$1")"
shift
logs="$(mktemp -d)"
trap 'rm -rf "$logs"' EXIT
rows=()
reference=""
status=0

# row TARGET LEVEL HASH: adds a line to the table; an empty hash counts as missing.
row() {
    local verdict=equal
    : "${reference:=$3}"
    if [ -z "$3" ]; then
        verdict=MISSING status=1
    elif [ "$3" != "$reference" ]; then
        verdict=DIFFERENT status=1
    fi
    rows+=("$(printf '%-36s %-8s %-18s %s' "$1" "$2" "${3:--}" "$verdict")")
}

# attempt COMMAND...: its standard output, and where it fails all that it said.
attempt() {
    if ! "$@" >"$logs/out" 2>"$logs/err"; then
        cat "$logs/out" "$logs/err" >&2
        return 1
    fi
    cat "$logs/out"
}

# host_hash LEVEL: the hash, or nothing if verification failed there.
host_hash() {
    local json
    json="$(attempt cargo run --release -p mdn-train -- verify "$model" --json --level "$1")" || return
    if grep -Eq '"golden_bits_equal": *true' <<<"$json" && grep -Eq "\"level\": *\"$1\"" <<<"$json"; then
        grep -Eo '"output_hash": *"0x[0-9a-f]{16}"' <<<"$json" | grep -Eo '0x[0-9a-f]{16}'
    else
        printf '%s\n' "$json" >&2
    fi
}

# board_hash BOARD: the hash, or nothing if the firmware failed.
board_hash() (
    cd firmware-example
    export BOARD="$1" MDN_MODEL="$model"
    output="$(attempt cargo run --locked --release)" || return
    sed -n 's/^output_hash //p' <<<"$output"
)

levels=(scalar)
if [ "$(uname -m)" = x86_64 ]; then
    levels+=(sse2 avx2)
fi

host="$(rustc -vV | sed -n 's/^host: //p')"
for level in "${levels[@]}"; do
    row "$host" "$level" "$(host_hash "$level")"
done
for board in "$@"; do
    row "$board (emulated Cortex-M4F)" scalar "$(board_hash "$board")"
done

printf '%-36s %-8s %-18s\n' target level output_hash
printf '%s\n' "${rows[@]}"
exit "$status"
