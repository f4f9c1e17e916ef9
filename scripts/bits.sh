#!/usr/bin/env bash
# Evaluates the agreement suite on every target and compares its hashes with the committed ones,
# agreement/expected.txt.
#
# Prints a row for each target, build and instruction set. Fails where a hash differs, and where
# there is none because something is not installed, did not run, or gave a wrong verdict about one of
# the wrong modes of the target's float unit.
set -euo pipefail
cd "$(dirname "$0")/.."

# The processor's seconds that a run may take, however busy the machine is.
limit=600

export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER="${CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER:-aarch64-linux-gnu-gcc}"
logs="$(mktemp -d)"
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$logs"' EXIT
status=0

# compile ARTIFACT ARGUMENT...: builds with these arguments of cargo and keeps a copy of the
# artifact in `image`, for the next build may replace it.
compile() {
    local artifact="$1"
    shift
    log="$(mktemp "$logs/XXXXXX")"
    image="$log.image"
    cargo build --locked --quiet "$@" 2>"$log.err" && cp "$artifact" "$image" || true
}

# start TARGET LEVELS BUILD PART COMMAND...: runs the image in the background, and prints the rows
# that it must give.
start() {
    local target="$1" levels="$2" build="$3" part="$4"
    shift 4
    local out
    out="$(mktemp "$logs/XXXXXX")"
    for level in $levels; do
        echo "$target|$level|$build|$part|$out|$log.err"
    done
    (ulimit -St "$limit" && exec "$@") </dev/null >"$out" 2>>"$log.err" &
}

# on_host PROFILE OPT PART...: the instruction sets of this machine.
on_host() {
    local profile="$1" opt="$2" levels=scalar
    local -x "CARGO_PROFILE_${profile^^}_OPT_LEVEL=$opt"
    case "$(uname -m)" in
        x86_64)
            levels="scalar sse2 avx2"
            if grep -qw avx512dq /proc/cpuinfo 2>/dev/null; then levels+=" avx512"; fi
            ;;
        aarch64 | arm64) levels="scalar neon" ;;
    esac
    local folder="${profile/dev/debug}"
    compile "target/$folder/mdn-agreement" --profile "$profile" -p mdn-agreement
    for part in "${@:3}"; do
        start "$(uname -m)" "$levels" "$folder, $opt" "$part" "$image" "$part"
    done
}

# on_system TARGET LEVELS FLAGS ARTIFACT RUNNER...: a foreign target with an operating system.
on_system() {
    local target="$1" levels="$2" artifact="$4"
    local -x RUSTFLAGS="$3"
    compile "target/$target/release/$artifact" --release -p mdn-agreement --target "$target"
    start "${target%%-*}${3:+ ${3##*=}}" "$levels" "release, 3" whole "${@:5}" "$image" whole
}

# on_board CORE BOARD TARGET OPT PART FLAGS ARGUMENT...: a microcontroller; arguments are cargo's.
on_board() {
    local board="$2" target="$3" opt="$4"
    local -x BOARD="$board" RUSTFLAGS="$6" CARGO_PROFILE_RELEASE_OPT_LEVEL="$opt"
    local folder=target/bare
    compile "$folder/$target/release/mdn-agreement-bare" --release --target "$target" \
        --manifest-path agreement/bare/Cargo.toml --target-dir "$folder" "${@:7}"
    local emulator=(qemu-system-arm)
    if [ "$board" = virt ]; then emulator=(qemu-system-riscv32 -bios none -m 16M); fi
    start "$1, $board" scalar "release, $opt" "$5" "${emulator[@]}" -machine "$board" \
        -nographic -monitor none -serial none -semihosting-config enable=on,target=native \
        -kernel "$image"
}

# verdict LEVEL PART OUT ERRORS: prints a hash and a verdict; says what is wrong on standard error.
verdict() {
    local found hash
    found="$(awk -v level="$1" -v part="$2" '$2 == level &&
        ($3 == part || $3 == "float-unit" && $4 == "exact") { print $3, $4, $5 }' \
        "$3" 2>/dev/null || true)"
    hash="$(sed -n "s/^$2 all //p" <<<"$found")"
    if [ -z "$hash" ]; then
        tail -n 20 "$3" "$4" >&2
        echo "- MISSING"
    elif diff <(grep -E "^(float-unit|$2) " agreement/expected.txt) - <<<"$found" |
        sed -n 's/^</expected/p; s/^>/found   /p' >&2; then
        echo "$hash equal"
    else
        echo "$hash DIFFERENT"
    fi
}

# The slow ones come first: they run while the others are built.
boards() {
    on_board Cortex-M3 mps2-an385 thumbv7m-none-eabi 3 whole ""
    on_board RV32IMAC virt riscv32imac-unknown-none-elf 3 whole ""
    on_board "M4, soft" mps2-an386 thumbv7em-none-eabi 3 whole ""
    on_board RV32IMC virt riscv32imc-unknown-none-elf 3 whole ""
    # Nobody ships a core library for it.
    RUSTUP_TOOLCHAIN=nightly on_board "v8-M base" mps2-an505 thumbv8m.base-none-eabi 3 whole "" \
        -Zbuild-std=core
    on_board Cortex-M0 microbit thumbv6m-none-eabi s small ""
    on_board RV32IMAFC virt riscv32imafc-unknown-none-elf 3 whole ""
    on_board Cortex-M4F mps2-an386 thumbv7em-none-eabihf 3 whole "-C target-cpu=cortex-m4"
    on_board Cortex-M7 mps2-an500 thumbv7em-none-eabihf 3 whole "-C target-cpu=cortex-m7"
    on_board Cortex-M33 mps2-an505 thumbv8m.main-none-eabihf 3 whole "-C target-cpu=cortex-m33"
    on_board Cortex-M55 mps3-an547 thumbv8m.main-none-eabihf 3 whole ""
}

systems() {
    on_host release 0 whole
    on_host dev 0 whole
    on_host release 3 small whole
    on_system aarch64-unknown-linux-gnu "scalar neon" "" mdn-agreement \
        qemu-aarch64 -L /usr/aarch64-linux-gnu
    local node=(node --no-warnings scripts/wasi-runner.mjs)
    on_system wasm32-wasip1 scalar "" mdn-agreement.wasm "${node[@]}"
    on_system wasm32-wasip1 "scalar simd128" "-C target-feature=+simd128" mdn-agreement.wasm \
        "${node[@]}"
    on_host release s whole
    on_host dev s whole
    on_host dev 3 whole
}

# Each builds in a folder of its own, so neither waits for the other.
(boards; wait) >"$logs/boards" &
(systems; wait) >"$logs/systems" &
wait %1
wait %2
mapfile -t rows < <(cat "$logs/systems" "$logs/boards")

layout='%-22s %-8s %-11s %-6s %-17s %s\n'
table="$(printf "$layout" target level build part hash verdict)"
for row in "${rows[@]}"; do
    IFS='|' read -r target level build part out errors <<<"$row"
    read -r hash verdict < <(verdict "$level" "$part" "$out" "$errors" 2>"$logs/why")
    table+=$'\n'"$(printf "$layout" "$target" "$level" "$build" "$part" "$hash" "$verdict")"
    if [ "$verdict" != equal ]; then
        status=1
        printf -- '--- %s, %s, %s: %s\n' "$target" "$level" "$build" "$verdict"
        cat "$logs/why"
    fi
done
printf '%s\n' "$table"
if [ "$status" -ne 0 ]; then
    echo "not every row is equal; \`just setup\` installs what a MISSING row lacks" >&2
fi
exit "$status"
