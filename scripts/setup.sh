#!/usr/bin/env bash
# Installs what the recipes in the justfile need and this machine lacks.
set -euo pipefail

components=(clippy rustfmt)
targets=(thumbv7em-none-eabihf thumbv6m-none-eabi)

install_rust_parts() {
    if ! command -v rustup >/dev/null; then
        echo "rustup is missing: see https://rustup.rs" >&2
        return 1
    fi
    rustup component add "${components[@]}"
    rustup target add "${targets[@]}"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

install_qemu() {
    if command -v qemu-system-arm >/dev/null; then
        return
    fi
    if ! command -v apt-get >/dev/null; then
        echo "qemu-system-arm is missing: install QEMU with this machine's package manager" >&2
        return 1
    fi
    export DEBIAN_FRONTEND=noninteractive
    as_root apt-get update </dev/null
    as_root apt-get install -y --no-install-recommends qemu-system-arm </dev/null
}

install_rust_parts
install_qemu
