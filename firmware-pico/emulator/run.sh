#!/bin/sh
# Runs an image in the emulator; `run.mjs` says how it ends.
#
#   run.sh IMAGE
#
# TIMEOUT is the limit in seconds (default 120).
set -eu
here="$(dirname "$0")"
packages="$("$here/install.sh")"
exec node "$here/run.mjs" "$here/../$packages" "$1" "${TIMEOUT:-120}"
