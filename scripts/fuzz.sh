#!/usr/bin/env bash
# Fuzzes TARGET (parse, file, model, query; table with the trainer's readers) for SECONDS with
# libFuzzer, on the nightly compiler; no cargo-fuzz is needed. SANITIZER=address finds bad memory
# accesses beside.
# usage: fuzz.sh TARGET SECONDS [libFuzzer's options]
set -euo pipefail
cd "$(dirname "$0")/.."

target=$1
seconds=$2
shift 2
features=()
[ "$target" != table ] || features=(--features tables)

host="$(rustc -vV | sed -n 's/^host: //p')"
coverage=(
    --cfg fuzzing -Cdebug-assertions -Ccodegen-units=1 -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
    -Cllvm-args=-sanitizer-coverage-trace-compares
)
[ -z "${SANITIZER:-}" ] || coverage+=("-Zsanitizer=$SANITIZER")

# A corpus that an earlier run left is taken up again.
if [ ! -d "fuzz/corpus/$target" ]; then
    cargo run --quiet -p mdn-hostile --no-default-features --example seeds -- fuzz/corpus
fi
mkdir -p "fuzz/artifacts/$target"
(cd fuzz && RUSTFLAGS="${coverage[*]}" \
    cargo +nightly build --locked --release --target "$host" --bin "$target" "${features[@]}")
"fuzz/target/$host/release/$target" -max_total_time="$seconds" -timeout=120 -report_slow_units=60 \
    -max_len=2048 -len_control=0 -print_final_stats=1 -artifact_prefix="fuzz/artifacts/$target/" \
    "$@" "fuzz/corpus/$target"
