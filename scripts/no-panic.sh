#!/usr/bin/env bash
# Proves at link time that nothing in the engine can panic: the image `proof` of benches/board
# holds every public function, for any file, and its panic handler does not link.
#
# Prints a row for each target and build. A deliberate panic must fail, or the proof proves nothing.
set -euo pipefail
cd "$(dirname "$0")/../benches/board"
folder="${CARGO_TARGET_DIR:-target}/proof"

# link BOARD TARGET FLAGS OPT ARGUMENT...: links the image, which nothing runs, into that board's
# memory; the linker's words are in `errors`.
link() {
    local -x BOARD="$1" RUSTFLAGS="$3" CARGO_PROFILE_RELEASE_OPT_LEVEL="$4"
    errors="$(cargo build --locked --quiet --release --bin proof --target "$2" "${@:5}" \
        --target-dir "$folder-$4" 2>&1)"
}

# links BOARD TARGET FLAGS OPT ARGUMENT...: a row of the table.
links() {
    if ! link "$@"; then
        printf '%s\n' "$errors" >&2
        local cause="does not link"
        ! grep -q a_panic_is_reachable <<<"$errors" || cause="a panic is reachable"
        echo "$2, opt-level $4: $cause" >&2
        return 1
    fi
    printf '%-30s opt-level %s  no panic  %s\n' "$2" "$4" "${*:5}"
}

# everywhere OPT: the table's rows of this build.
everywhere() {
    # Every function at once may outgrow the micro:bit.
    links mps2-an385 thumbv6m-none-eabi "" "$1"
    links mps2-an385 thumbv7m-none-eabi "" "$1"
    links mps2-an386 thumbv7em-none-eabihf "-C target-cpu=cortex-m4" "$1"
    links mps2-an505 thumbv8m.main-none-eabihf "-C target-cpu=cortex-m33" "$1"
    links virt riscv32imac-unknown-none-elf "" "$1"
    for functions in libm micromath; do
        links mps2-an386 thumbv7em-none-eabihf "-C target-cpu=cortex-m4" "$1" \
            --features "$functions"
    done
}

# Both builds at once, each in a folder of its own.
everywhere s &
everywhere 3
wait %1

if link mps2-an386 thumbv7em-none-eabihf "" 3 --features panic; then
    echo "an image with a deliberate panic linked: the proof is broken" >&2
    exit 1
fi
if ! grep -q a_panic_is_reachable <<<"$errors"; then
    printf '%s\n' "$errors" >&2
    exit 1
fi
printf '%-30s opt-level 3  a deliberate panic is found\n' thumbv7em-none-eabihf
