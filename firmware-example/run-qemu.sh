#!/bin/sh
# Runs a firmware image in QEMU; its exit status is the firmware's.
#
#   run-qemu.sh IMAGE
#
# BOARD chooses the machine (default mps2-an386), TIMEOUT the limit in seconds (default 120).
# `-icount shift=6` gives every instruction 64 ns of guest time, which is what makes the
# firmware's instruction counts exact and repeatable.
set -eu

if ! command -v qemu-system-arm >/dev/null; then
    echo "qemu-system-arm is missing: install it (Debian: apt-get install qemu-system-arm)" >&2
    exit 127
fi

status=0
timeout "${TIMEOUT:-120}" qemu-system-arm \
    -machine "${BOARD:-mps2-an386}" \
    -nographic -monitor none -serial none \
    -icount shift=6,sleep=off \
    -semihosting-config enable=on,target=native \
    -kernel "$1" </dev/null || status=$?
if [ "$status" -eq 124 ]; then
    echo "the firmware did not finish within ${TIMEOUT:-120} s" >&2
fi
exit "$status"
