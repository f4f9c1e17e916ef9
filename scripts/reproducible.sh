#!/usr/bin/env bash
# reproducible.sh BOARD: builds the sample firmware in two folders of different names, each from
# nothing; the images must be equal byte for byte. Prints their SHA-256.
#
# Cargo names a crate after its folder's absolute path where that lies outside the workspace, and
# the names decide the order of functions. So the engine is copied into the firmware's folder.
set -euo pipefail
cd "$(dirname "$0")/.."

board="$1"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# image FOLDER: a copy of the sources there, built; the paths of this machine stay out of the image.
image() {
    local folder="$work/$1"
    mkdir -p "$folder/mdn"
    tar --exclude=target -C firmware-example -c . | tar -x -C "$folder"
    tar -c Cargo.toml mdn-infer | tar -x -C "$folder/mdn"
    sed -i 's|^members = .*|members = ["mdn-infer"]|' "$folder/mdn/Cargo.toml"
    sed -i -e 's|"../mdn-infer"|"mdn/mdn-infer"|' -e 's|^\[workspace\]$|&\nexclude = ["mdn"]|' \
        "$folder/Cargo.toml"
    local flags="-Clink-arg=-Tlink.x -Clink-arg=--nmagic -Ctarget-cpu=cortex-m4"
    flags+=" --remap-path-prefix=$folder=/firmware"
    flags+=" --remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
    (cd "$folder" && BOARD="$board" MDN_MODEL=mdn/mdn-infer/samples/classic.mdn \
        CARGO_INCREMENTAL=0 RUSTFLAGS="$flags" \
        cargo build --locked --quiet --release --target-dir "$folder/target")
    images+=("$folder/target/thumbv7em-none-eabihf/release/firmware-example")
}

images=()
image here
image a/longer/path/elsewhere
sha256sum "${images[@]}" | sed "s|$work/||"
cmp "${images[@]}"
echo "$board: the images are equal"
