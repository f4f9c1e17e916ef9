"""Writes mixtures.json: mixtures of normals evaluated in binary64 by PyTorch and SciPy.

    pip install -r requirements.txt
    python make.py

Parameters are numbers of binary32, in the layout of a model's outputs (FORMAT.md): logits [K],
means [D][K], then log-scales [1][K] (isotropic) or [D][K] (diagonal), or the entries of the
precision's Cholesky factor L [D(D+1)/2][K] with log-scales on its diagonal (full); shift and scale
map a standardised target to a raw one. Everything computed is in raw units.
"""

import json
from pathlib import Path

import numpy as np
import scipy
import torch
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.stats import Covariance, multivariate_normal, norm
from torch.distributions import (
    Categorical,
    Independent,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
)

torch.set_default_dtype(torch.float64)


def single(values):
    """Rounded to binary32."""
    return np.asarray(values, dtype=np.float32).astype(np.float64)


def shapes():
    """Kind, K, D, spread of the means, spread of the log-scales, spread of the raw units."""
    for kind in ("isotropic", "diagonal", "full"):
        for components, dimensions in ((1, 1), (3, 1), (2, 2), (5, 3), (24, 4), (7, 8), (24, 16)):
            yield kind, components, dimensions, 1.0, 0.5, 1.0
        # Far apart, of many sizes, in very large and very small units.
        yield kind, 6, 2, 1e3, 0.5, 1.0
        yield kind, 6, 2, 1.0, 5.0, 1.0
        yield kind, 6, 2, 1.0, 0.5, 20.0


def draw_parameters(rng, kind, components, dimensions, apart, spread, units):
    """Random parameters, each a number of binary32."""
    entries = {"isotropic": 1, "diagonal": dimensions, "full": dimensions * (dimensions + 1) // 2}
    factors = 0.5 * rng.standard_normal((entries[kind], components))
    diagonal = np.cumsum(np.arange(1, dimensions + 1)) - 1 if kind == "full" else slice(None)
    factors[diagonal] = spread * rng.standard_normal(factors[diagonal].shape) - 0.5
    return {
        "covariance": kind,
        "logits": single(2 * rng.standard_normal(components)),
        "means": single(apart * rng.standard_normal((dimensions, components))),
        "factors": single(factors),
        "shift": single(10 * rng.standard_normal(dimensions)) * (units == 1.0),
        "scale": single(np.exp(units * rng.uniform(-1, 1, dimensions))),
    }


def factor(parameters, k):
    """L of component k, standardised."""
    dimensions = len(parameters["shift"])
    column = parameters["factors"][:, k]
    if parameters["covariance"] == "isotropic":
        return np.exp(-column[0]) * np.eye(dimensions)
    if parameters["covariance"] == "diagonal":
        return np.diag(np.exp(-column))
    lower = np.zeros((dimensions, dimensions))
    lower[np.tril_indices(dimensions)] = column
    lower[np.diag_indices(dimensions)] = np.exp(-np.diag(lower))
    return lower


def raw(parameters):
    """Log-weights [K], means [K, D] and lower factors of the covariances [K, D, D]."""
    shift, scale = parameters["shift"], parameters["scale"]
    log_weights = parameters["logits"] - logsumexp(parameters["logits"])
    means = shift + scale * parameters["means"].T
    # Sigma = L^-1 L^-T in standardised units.
    roots = [scale[:, None] * np.linalg.inv(factor(parameters, k)) for k in range(len(means))]
    return log_weights, means, np.tril(roots)


def torch_mixture(parameters, log_weights, means, roots):
    """MixtureSameFamily with the components that fit the kind of covariance."""
    means, roots = torch.tensor(means), torch.tensor(roots)
    if parameters["covariance"] == "full":
        components = MultivariateNormal(means, scale_tril=roots)
    else:
        scales = torch.diagonal(roots, dim1=-2, dim2=-1)
        components = Independent(Normal(means, scales), 1)
    return MixtureSameFamily(Categorical(logits=torch.tensor(log_weights)), components)


def points_of(rng, log_weights, means, roots, count=6):
    """Points near the components, and one far out, rounded to binary32."""
    picks = rng.choice(len(log_weights), count, p=np.exp(log_weights))
    normals = rng.standard_normal(means[picks].shape)
    points = means[picks] + np.einsum("nij,nj->ni", roots[picks], normals)
    points[-1] += 30 * roots[picks[-1]].diagonal()
    return single(points)


def marginal(d, log_weights, means, roots, points, rng):
    """Probabilities and quantiles of one dimension."""
    weights, mean = np.exp(log_weights), means[:, d]
    scale = np.sqrt((roots[:, d] ** 2).sum(axis=1))

    def cdf(y):
        return weights @ norm.cdf(y, mean, scale)

    def sf(y):
        return weights @ norm.sf(y, mean, scale)

    def quantile(p):
        ends = norm.ppf(p, mean, scale)
        low, high = ends.min(), ends.max()
        slack = 1e-6 * scale.min()
        return brentq(lambda y: cdf(y) - p, low - slack, high + slack, xtol=1e-300, rtol=1e-15)

    at = points[:, d]
    probabilities = single([1e-6, 0.01, 0.25, 0.5, rng.uniform(0.02, 0.48)])
    return {
        "dimension": d,
        "cdf": [cdf(y) for y in at],
        "sf": [sf(y) for y in at],
        "probabilities": probabilities,
        "quantiles": [quantile(p) for p in probabilities],
    }


def case(rng, shape):
    """One mixture and what the libraries say of it."""
    parameters = draw_parameters(rng, *shape)
    log_weights, means, roots = raw(parameters)
    points = points_of(rng, log_weights, means, roots)
    terms = np.array([
        weight + multivariate_normal.logpdf(points, mean, Covariance.from_cholesky(root))
        for weight, mean, root in zip(log_weights, means, roots)
    ])
    mixture = torch_mixture(parameters, log_weights, means, roots)
    d = int(rng.integers(len(parameters["shift"])))
    return parameters | {
        "points": points,
        "scipy_log_pdf": logsumexp(terms, axis=0),
        "torch_log_prob": mixture.log_prob(torch.tensor(points)),
        "responsibilities": np.exp(terms - logsumexp(terms, axis=0)).T,
        "torch_mean": mixture.mean,
        "torch_variance": mixture.variance,
        "marginal": marginal(d, log_weights, means, roots, points, rng),
    }


def plain(value):
    """Lists of floats for JSON; a number of binary32 by its shortest decimal."""
    if isinstance(value, dict):
        return {name: plain(entry) for name, entry in value.items()}
    if isinstance(value, (np.ndarray, torch.Tensor)):
        return plain(np.asarray(value).tolist())
    if isinstance(value, list):
        return [plain(entry) for entry in value]
    if isinstance(value, float):
        short = np.float32(value)
        return float(str(short)) if float(short) == value else float(value)
    return value


def main():
    rng = np.random.default_rng(1)
    cases = [json.dumps(plain(case(rng, shape))) for shape in shapes()]
    versions = {library.__name__: library.__version__ for library in (np, scipy, torch)}
    versions["torch"] = versions["torch"].split("+")[0]
    text = f'{{"versions": {json.dumps(versions)},\n"cases": [\n' + ",\n".join(cases) + "\n]}\n"
    Path(__file__).with_name("mixtures.json").write_text(text)


if __name__ == "__main__":
    main()
