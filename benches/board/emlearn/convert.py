"""Writes the network of a model file as C by emlearn: `convert.py MODEL.mdn NET.h`.

For a model of one input, one hidden layer and f32 kernels, as the sample is.
"""

import os
import struct
import sys
from pathlib import Path

import emlearn
import numpy
from sklearn.neural_network import MLPRegressor

UNITS, OUTPUTS = 24, 72


def panels(words, start, inputs, outputs):
    """Biases and kernel of the layer at `start`: panels of eight outputs, a row of biases first."""
    count = -(-outputs // 8)
    end = start + count * (inputs + 1) * 8
    rows = words[start:end].reshape(count, inputs + 1, 8).transpose(1, 0, 2).reshape(inputs + 1, -1)
    return rows[0, :outputs], rows[1:, :outputs], -(-end // 16) * 16


def main(model, header):
    data = open(model, "rb").read()
    (header_len,) = struct.unpack_from("<H", data, 10)
    words = numpy.frombuffer(data, "<f4", offset=-(-(24 + header_len) // 64) * 64)
    hidden_bias, hidden_kernel, next_layer = panels(words, 16, 1, UNITS)
    bias, kernel, _ = panels(words, next_layer, UNITS, OUTPUTS)
    network = MLPRegressor(hidden_layer_sizes=(UNITS,), activation="logistic", max_iter=1)
    # Fitting makes the arrays, which then get the model's numbers.
    rng = numpy.random.default_rng(0)
    network.fit(rng.normal(size=(4, 1)), rng.normal(size=(4, OUTPUTS)))
    network.coefs_ = [hidden_kernel, kernel]
    network.intercepts_ = [hidden_bias, bias]
    header = Path(header).resolve()
    # emlearn leaves its intermediate files where it runs.
    os.chdir(header.parent)
    emlearn.convert(network, method="inline").save(file=str(header), name="network")


main(*sys.argv[1:])
