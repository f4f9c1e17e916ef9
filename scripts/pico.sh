#!/usr/bin/env bash
# Runs the images of firmware-pico in the emulator. With the HALs as their README advises, the
# self-test passes with the host's hashes; where rp2040-hal replaces the float routines, it says so.
set -euo pipefail
cd "$(dirname "$0")/.."

output_hash="$(cargo run --locked --quiet --release -p mdn-train -- \
    verify mdn-infer/samples/classic.mdn --json |
    sed -En 's/.*"output_hash": *"(0x[0-9a-f]{16})".*/\1/p')"
float_unit="0x$(sed -n 's/^float-unit exact //p' agreement/expected.txt)"

# run PACKAGE STATUS LINE...: the image must end with this status and print these lines.
run() {
    local package="$1" wanted="$2" status=0 output line
    shift 2
    output="$(cd firmware-pico && cargo run --locked --quiet --release -p "$package")" || status=$?
    printf '%s\n\n' "$output"
    if [ "$status" -ne "$wanted" ]; then
        echo "$package ended with status $status, not $wanted" >&2
        exit 1
    fi
    for line in "$@"; do
        if ! grep -Fqx -- "$line" <<<"$output"; then
            echo "$package does not say: $line" >&2
            exit 1
        fi
    done
}

for package in pico-rp2040-hal pico-embassy-rp; do
    run "$package" 0 "float unit: as IEEE 754 says; hash $float_unit" "output_hash $output_hash"
done

no="subnormal results are flushed to zero; subnormal inputs are taken as zero"
agree="300 of 300 values in 4 golden vectors agree bit for bit"
run pico-rp2040-hal-defaults 1 "short self-test: the float unit is wrong: $no; $agree" \
    "FAILED: the self-test says no"
echo "two images agree with the host, and the third says why it does not"
