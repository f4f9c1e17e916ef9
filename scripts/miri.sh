#!/usr/bin/env bash
# Runs the engine under Miri on several machines at the same time: each has a standard library and
# an interpreter of its own, and neither uses more than one core for long.
# usage: miri.sh TARGET...
set -euo pipefail
cd "$(dirname "$0")/.."

under_miri() {
    cargo +nightly miri setup --quiet --target "$1"
    cargo +nightly miri test --quiet -p mdn-hostile --no-default-features --test miri --target "$1"
}

running=()
for target in "$@"; do
    (set -e && under_miri "$target") &
    running+=($!)
done
failed=0
for process in "${running[@]}"; do
    wait "$process" || failed=1
done
exit "$failed"
