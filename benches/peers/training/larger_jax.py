"""The larger problem in JAX: `larger_jax.py TABLE.npy EPOCHS`; prints seconds an epoch and its mean loss."""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

INPUTS, DIMENSIONS, UNITS, COMPONENTS, BATCH = 32, 8, 256, 16, 1024
ROW, COLUMN = np.tril_indices(DIMENSIONS)
FACTORS = len(ROW)


def start(key):
    """Glorot uniform kernels, those of the head smaller, and no biases."""
    widths = [INPUTS, UNITS, UNITS, COMPONENTS * (1 + DIMENSIONS + FACTORS)]
    layers = []
    for key, inputs, outputs in zip(jax.random.split(key, 3), widths, widths[1:]):
        reach = np.sqrt(6 / (inputs + outputs)) * (1 if outputs == UNITS else 0.1)
        kernel = jax.random.uniform(key, (inputs, outputs), minval=-reach, maxval=reach)
        layers.append((kernel, jnp.zeros(outputs)))
    return layers


def mean_nll(layers, x, y):
    """The mean negative log-likelihood of components with a Cholesky factor of the precision."""
    for kernel, bias in layers[:-1]:
        x = jnp.tanh(x @ kernel + bias)
    kernel, bias = layers[-1]
    outputs = x @ kernel + bias
    ends = COMPONENTS, COMPONENTS * (1 + DIMENSIONS)
    logits, means, factors = jnp.split(outputs, ends, axis=1)
    means = means.reshape(-1, COMPONENTS, DIMENSIONS)
    factors = factors.reshape(-1, COMPONENTS, FACTORS)
    log_scales = jnp.where(ROW == COLUMN, factors, 0)
    entries = jnp.where(ROW == COLUMN, jnp.exp(-factors), factors)
    triangle = jnp.zeros((*entries.shape[:2], DIMENSIONS, DIMENSIONS))
    triangle = triangle.at[:, :, ROW, COLUMN].set(entries)
    z = jnp.einsum("nkij,nkj->nki", triangle, y[:, None] - means)
    terms = jax.nn.log_softmax(logits) - log_scales.sum(-1) - 0.5 * (z * z).sum(-1)
    return 0.5 * DIMENSIONS * np.log(2 * np.pi) - jax.nn.logsumexp(terms, axis=1).mean()


def main(path, epochs):
    table = np.load(path)
    steps = len(table) // BATCH
    batches = jnp.asarray(table[:steps * BATCH].reshape(steps, BATCH, -1))
    adam = optax.adam(1e-3)

    def step(state, batch):
        layers, moments = state
        x, y = batch[:, :INPUTS], batch[:, INPUTS:]
        loss, gradient = jax.value_and_grad(mean_nll)(layers, x, y)
        change, moments = adam.update(gradient, moments, layers)
        return (optax.apply_updates(layers, change), moments), loss

    layers = start(jax.random.key(0))
    state = (layers, adam.init(layers))
    epoch = jax.jit(lambda state: jax.lax.scan(step, state, batches)).lower(state).compile()
    seconds = []
    for _ in range(epochs):
        begun = time.perf_counter()
        state, losses = jax.block_until_ready(epoch(state))
        seconds.append(time.perf_counter() - begun)
    print(min(seconds), float(losses.mean()))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
