#!/usr/bin/env bash
# Environments that change how floating point works, each tried: what docs/arithmetic.md says of them.
#
#   float-unit.sh           a library linked with -ffast-math; builds with Helium
#   float-unit.sh python    a Python process in which ONNX Runtime sets flush-to-zero (fetches it)
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
model=mdn-infer/samples/classic.mdn

# must STATUS WORDS COMMAND...: the command ends with this status and says these words.
must() {
    local expected="$1" words="$2" status=0 said
    said="$("${@:3}" 2>&1)" || status=$?
    if [ "$status" -ne "$expected" ] || ! grep -qF -- "$words" <<<"$said"; then
        printf '%s\n%s: exit status %s, expected %s and: %s\n' "$said" "${*:3}" "$status" \
            "$expected" "$words" >&2
        return 1
    fi
    printf '%-60s %s\n' "${about}" "$words"
}

# A library that does nothing but being linked so. Newer compilers leave the mode alone.
fast_math() {
    local compiler
    compiler="$(cc --version | head -n 1)"
    cc -shared -fPIC -ffast-math -x c /dev/null -o "$work/fast.so"
    cargo build --locked --quiet --release -p mdn-train
    about="without a library"
    must 0 "as IEEE 754 says" target/release/mdn-train verify "$model"
    about="a library linked with -ffast-math, $compiler"
    if grep -q ldmxcsr <<<"$(objdump -d "$work/fast.so")"; then
        must 1 "subnormal results are flushed to zero; subnormal inputs are taken as zero" \
            env LD_PRELOAD="$work/fast.so" target/release/mdn-train verify "$model"
    else
        must 0 "as IEEE 754 says" env LD_PRELOAD="$work/fast.so" target/release/mdn-train verify "$model"
    fi
}

# check FLAGS: whether the engine builds for an M55 with these flags.
check() {
    RUSTFLAGS="$1" cargo check --locked -p mdn-infer --target thumbv8m.main-none-eabihf \
        --target-dir target/helium
}

helium() {
    local cpu
    for cpu in cortex-m52 cortex-m55 cortex-m85 star-mc3; do
        about="-C target-cpu=$cpu"
        must 101 "this build uses Helium" check "-C target-cpu=$cpu"
    done
    about="-C target-cpu=cortex-m55 -C target-feature=-mve.fp"
    must 0 Finished check "$about"
    about="-C target-cpu=cortex-m33 -C target-feature=+mve.fp"
    must 101 "this build uses Helium" check "$about"
    about="-C target-cpu=cortex-m33"
    must 0 Finished check "$about"
}

python() {
    mkdir -p "$work/crate/src"
    cat >"$work/crate/Cargo.toml" <<TOML
[package]
name = "checks"
version = "0.0.0"
edition = "2024"
[lib]
crate-type = ["cdylib"]
[dependencies]
mdn-infer = { path = "$root/mdn-infer" }
[workspace]
TOML
    cat >"$work/crate/src/lib.rs" <<'RUST'
use mdn_infer::{FloatUnit, Level};

#[unsafe(no_mangle)]
pub extern "C" fn passed() -> bool {
    FloatUnit::check(Level::detect()).passed()
}

#[unsafe(no_mangle)]
pub extern "C" fn passed_guarded() -> bool {
    FloatUnit::guarded(passed_here)
}

fn passed_here() -> bool {
    FloatUnit::check(Level::detect()).passed()
}
RUST
    cargo build --quiet --release --manifest-path "$work/crate/Cargo.toml"
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet onnxruntime==1.31.1 onnx==1.23.2
    cat >"$work/mode.py" <<'PYTHON'
import ctypes
import sys

import onnx
import onnxruntime
from onnx import TensorProto, helper

checks = ctypes.CDLL(sys.argv[1])
checks.passed.restype = checks.passed_guarded.restype = ctypes.c_bool


def say(when):
    print(f"{when}: passed {checks.passed()}, guarded {checks.passed_guarded()}")


value = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy"]
graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "g", value[:1], value[1:])
model = helper.make_model(graph, ir_version=8, opset_imports=[helper.make_opsetid("", 17)])
say("before")
options = onnxruntime.SessionOptions()
options.add_session_config_entry("session.set_denormal_as_zero", "1")
onnxruntime.InferenceSession(model.SerializeToString(), options)
say("after")
PYTHON
    about="Python, ONNX Runtime 1.31.1, before"
    must 0 "before: passed True, guarded True" "$work/venv/bin/python" "$work/mode.py" \
        "$work/crate/target/release/libchecks.so"
    about="session.set_denormal_as_zero"
    must 0 "after: passed False, guarded True" "$work/venv/bin/python" "$work/mode.py" \
        "$work/crate/target/release/libchecks.so"
}

case "${1:-}" in
"")
    fast_math
    helium
    ;;
python) python ;;
*)
    echo "usage: float-unit.sh [python]" >&2
    exit 2
    ;;
esac
