#!/usr/bin/env bash
# Fuzzes TARGETS, one or several with commas between them, for SECONDS, all at the same time: parse,
# file, model, query, supports; table with the trainer's readers; config with that of configuration
# files.
# libFuzzer on the nightly compiler; no cargo-fuzz is needed. SANITIZER=address finds bad memory
# accesses beside; PROFILE=short builds sooner what then runs slower.
# usage: fuzz.sh TARGETS SECONDS [libFuzzer's options]
set -euo pipefail
cd "$(dirname "$0")/.."

IFS=, read -ra targets <<<"$1"
seconds=$2
shift 2
profile=${PROFILE:-release}
host="$(rustc -vV | sed -n 's/^host: //p')"
# One for each choice of flags and features, so that each stays built.
folder="fuzz/target${SANITIZER:+/$SANITIZER}"
features=()
flags=(
    --cfg fuzzing -Cdebug-assertions -Cpasses=sancov-module
    -Cllvm-args=-sanitizer-coverage-level=4
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters
    -Cllvm-args=-sanitizer-coverage-pc-table
)
# What is compared guides libFuzzer to fields of files. Where bytes are numbers and choices it says
# nothing, and takes a third of the time.
if [[ " ${targets[*]} " =~ \ (config|parse|file|table)\  ]]; then
    flags+=(-Cllvm-args=-sanitizer-coverage-trace-compares)
else
    folder+=/numbers
fi
if [[ " ${targets[*]} " == *" table "* ]]; then
    features+=(--features tables)
    folder+=/tables
fi
if [[ " ${targets[*]} " == *" config "* ]]; then
    features+=(--features config)
    folder+=/config
fi
[ -z "${SANITIZER:-}" ] || flags+=("-Zsanitizer=$SANITIZER")

RUSTFLAGS="${flags[*]}" cargo +nightly build --manifest-path fuzz/Cargo.toml --locked \
    --profile "$profile" --target "$host" --target-dir "$folder" "${features[@]}"
program="$folder/$host/$profile/mdn-fuzz"

# A corpus that an earlier run left is taken up again.
[ -d fuzz/corpus ] || FUZZ_SEEDS=fuzz/corpus "$program"
mkdir -p fuzz/corpus/config && cp fuzz/seeds/config/* fuzz/corpus/config

# fuzz TARGET OPTIONS
fuzz() {
    local target=$1
    shift
    mkdir -p "fuzz/artifacts/$target" "fuzz/corpus/$target"
    # No seed is cut.
    local longest=2048
    case $target in
        file) longest=4096 ;;
        table) longest=8192 ;;
    esac
    # Counting how often loops turn takes half the time of a model, and reaches no more code.
    [[ $target =~ ^(config|parse|table)$ ]] || set -- -use_counters=0 "$@"
    FUZZ_TARGET=$target "$program" -max_total_time="$seconds" -timeout=120 \
        -report_slow_units=60 -max_len="$longest" -len_control=0 -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$target/" "$@" "fuzz/corpus/$target"
}

running=()
for target in "${targets[@]}"; do
    fuzz "$target" "$@" &
    running+=($!)
done
failed=0
for process in "${running[@]}"; do
    wait "$process" || failed=1
done
exit "$failed"
