#!/usr/bin/env bash
# The engine beside its peers: run.sh TABLE. The first run fetches ONNX Runtime's library from PyPI
# and builds the peers, which takes minutes; FEATURES= leaves out candle and tract.
set -euo pipefail
cd "$(dirname "$0")"

features="${FEATURES-candle,tract}"
venv=target/venv
if ! "$venv/bin/pip" freeze 2>/dev/null | grep -qxFf requirements.txt; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --requirement requirements.txt >&2
fi
library=("$venv"/lib/python3*/site-packages/onnxruntime/capi/libonnxruntime.so.*)
ORT_DYLIB_PATH="$(realpath "${library[0]}")"
export ORT_DYLIB_PATH
cargo run --locked --quiet --release --no-default-features --features "$features" -- "$@"
