"""The classic recipe in JAX: `classic_jax.py TABLE.npy STEPS`; prints seconds without compilation, and the loss."""

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import optax

UNITS = COMPONENTS = 24


def start(key):
    """Glorot uniform kernels and no biases."""
    first, second = jax.random.split(key)

    def kernel(key, inputs, outputs):
        reach = np.sqrt(6 / (inputs + outputs))
        return jax.random.uniform(key, (inputs, outputs), minval=-reach, maxval=reach)

    return {"hidden": (kernel(first, 1, UNITS), jnp.zeros(UNITS)),
            "head": (kernel(second, UNITS, 3 * COMPONENTS), jnp.zeros(3 * COMPONENTS))}


def mean_nll(parameters, x, y):
    """The mean negative log-likelihood of isotropic components."""
    kernel, bias = parameters["hidden"]
    hidden = jax.nn.sigmoid(x @ kernel + bias)
    kernel, bias = parameters["head"]
    logits, means, log_scales = jnp.split(hidden @ kernel + bias, 3, axis=1)
    z = (y - means) * jnp.exp(-log_scales)
    terms = jax.nn.log_softmax(logits) - log_scales - 0.5 * z * z - 0.5 * np.log(2 * np.pi)
    return -jax.nn.logsumexp(terms, axis=1).mean()


def main(path, steps):
    table = np.load(path)
    x, y = jnp.asarray(table[:, :1]), jnp.asarray(table[:, 1:])
    adam = optax.adam(1e-3)

    def step(state, _):
        parameters, moments = state
        loss, gradient = jax.value_and_grad(mean_nll)(parameters, x, y)
        change, moments = adam.update(gradient, moments, parameters)
        return (optax.apply_updates(parameters, change), moments), loss

    parameters = start(jax.random.key(0))
    state = (parameters, adam.init(parameters))
    train = jax.jit(lambda state: jax.lax.scan(step, state, None, length=steps))
    train = train.lower(state).compile()
    begun = time.perf_counter()
    _, losses = jax.block_until_ready(train(state))
    print(time.perf_counter() - begun, float(losses[-1]))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
