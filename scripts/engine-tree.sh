#!/usr/bin/env bash
# What is linked into firmware beside the engine: the crates of mdn-infer/dependencies.txt, no other.
# Crates that only run while it is built (derive macros) are not in the list.
set -euo pipefail
cd "$(dirname "$0")/.."

linked() {
    cargo tree --locked -p mdn-infer --target thumbv7em-none-eabihf --edges normal,no-proc-macro \
        --prefix none --format '{p}' | cut -d' ' -f1 | sort -u | grep -vx mdn-infer
}

diff mdn-infer/dependencies.txt <(linked)
echo "the engine links $(linked | wc -l) crates: $(linked | tr '\n' ' ')"
