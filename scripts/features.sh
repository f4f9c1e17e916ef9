#!/usr/bin/env bash
# The trainer's library with each feature alone, and how many crates it takes without any: at most 60,
# counted as lines of `cargo tree`, in which a crate with dependencies of its own may stand twice.
set -euo pipefail
cd "$(dirname "$0")/.."

most=60
tree() {
    cargo tree --locked -p mdn-train --no-default-features --prefix none --edges normal | sort -u
}

for feature in "" cli columnar numpy oracle plot text; do
    cargo clippy --locked --quiet -p mdn-train --no-default-features --features "$feature" -- -D warnings
done
lines=$(tree | wc -l)
if [ "$lines" -gt "$most" ]; then
    tree >&2
    echo "the trainer's library without features takes more than $most lines of \`cargo tree\`" >&2
    exit 1
fi
echo "the trainer's library without features: $lines lines, $(tree | cut -d' ' -f1,2 | sort -u | wc -l) crates"
