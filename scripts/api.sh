#!/usr/bin/env bash
# Compares the engine's public items, with all features, with the committed mdn-infer/public-api.txt;
# `accept` writes that file. As on x86-64, for other machines have other instruction sets, and by the
# compiler of `rust-version`: rustdoc's JSON is unstable, so its format must be the one that the crate
# `public-api` of api/Cargo.toml reads.
# usage: api.sh [accept]
set -euo pipefail
cd "$(dirname "$0")/.."

list=mdn-infer/public-api.txt
built=target/api
target=x86_64-unknown-linux-gnu
RUSTC_BOOTSTRAP=1 RUSTDOCFLAGS="-Z unstable-options --output-format json" cargo +1.89 doc --quiet --locked --lib \
    --no-deps -p mdn-infer --all-features --target "$target" --target-dir "$built"
cargo run --quiet --locked -p mdn-api -- "$built/$target/doc/mdn_infer.json" >"$built/list.txt"

if [ "${1:-}" = accept ]; then
    cp "$built/list.txt" "$list"
elif ! diff -U0 "$list" "$built/list.txt"; then
    echo "the engine's public items are not those of $list: \`just api-accept\` writes them," >&2
    echo "and CHANGELOG.md says what users must change" >&2
    exit 1
fi
echo "$(wc -l <"$list") public items and implementations"
