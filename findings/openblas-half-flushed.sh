#!/usr/bin/env bash
# One matrix product of NumPy is flushed to zero in half of its columns and not in the other half, once
# a library has set FTZ in the calling thread; and comparing with 0 does not show it.
#
# NumPy 2.4.6 with its OpenBLAS 0.3.31 (two threads), daz 0.0.1, x86-64 Linux. FTZ and DAZ belong to a
# thread. OpenBLAS starts its threads when NumPy is imported, so `daz.set_ftz()` afterwards reaches the
# part of a product that the calling thread computes and no other: of 256 columns of the same subnormal
# number 128 become 0. Products too small to be shared out are flushed whole, and so is everything with
# OPENBLAS_NUM_THREADS=1. A thread started later inherits the mode, OpenBLAS's threads still do not have
# it. With DAZ set as well, `product == 0` is true of every entry, for subnormal operands compare as
# zero: the bits must be looked at. `output` below is what is seen.
#
# Installs the packages into a temporary folder; takes half a minute, and gcc for daz. Fails if the
# output changes.
set -euo pipefail

output() {
    cat <<'OUT'
2 threads: 64 x 64 by default: 0 of 64 columns are 0
2 threads: 256 x 256 by default: 0 of 256 columns are 0
2 threads: 64 x 64 with FTZ: 64 of 64 columns are 0
2 threads: 256 x 256 with FTZ: 128 of 256 columns are 0
2 threads: 256 x 256 from a thread started later: 128 of 256 columns are 0
2 threads: with DAZ 256 of 256 columns compare equal to 0, 128 are
1 threads: 256 x 256 with FTZ: 256 of 256 columns are 0
OUT
}

folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"

python3 -m venv environment
environment/bin/pip install --quiet numpy==2.4.6 daz==0.0.1 threadpoolctl==3.6.0

cat >product.py <<'PYTHON'
import threading

import daz
import numpy
from threadpoolctl import threadpool_info

THREADS = threadpool_info()[0]["num_threads"]


def product(size):
    """Every entry is 1e-40, which is subnormal."""
    left = numpy.full((size, size), 1e-20, numpy.float32)
    right = numpy.diag(numpy.full(size, 1e-20, numpy.float32))
    return left @ right


def zero(matrix):
    return int((matrix.view(numpy.uint32) == 0).all(0).sum())


def say(size, when):
    print(f"{THREADS} threads: {size} x {size} {when}: {zero(product(size))} of {size} columns are 0")


if THREADS > 1:
    say(64, "by default")
    say(256, "by default")
    daz.set_ftz()
    say(64, "with FTZ")
    say(256, "with FTZ")
    later = threading.Thread(target=say, args=(256, "from a thread started later"))
    later.start()
    later.join()
    daz.set_daz()
    found = product(256)
    equal = int((found == 0).all(0).sum())
    print(f"{THREADS} threads: with DAZ {equal} of 256 columns compare equal to 0, {zero(found)} are")
else:
    daz.set_ftz()
    say(256, "with FTZ")
PYTHON

found="$(for threads in 2 1; do
    OPENBLAS_NUM_THREADS="$threads" environment/bin/python product.py
done)"
diff <(output) <(printf '%s\n' "$found")
echo "as stated"
