"""Computes the polynomial coefficients of the elementary functions in mdn-infer/src/math/exact.

    pip install numpy mpmath
    python docs/coefficients.py

Each table is a weighted minimax approximation on a fine grid, found by Lawson's iteration.
Coefficients are rounded to binary32 one at a time, lowest degree first, and the remaining ones
are fitted again after each rounding, so that they absorb its error. The printed names are those
of the Rust constants, lowest degree first; "error" is the largest weighted error of the rounded
table over the grid, in units of 2^-24, with exact evaluation.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 40
GRID = 1001


def grid(low, high):
    """Chebyshev-spaced points of [low, high]; zero is left out."""
    angles = np.pi * (np.arange(GRID) + 0.5) / GRID
    points = (high + low) / 2 - (high - low) / 2 * np.cos(angles)
    return points[np.abs(points) > 1e-9]


def values(function, points):
    """The function at the points, evaluated in high precision, rounded to binary64."""
    return np.array([float(function(mp.mpf(float(x)))) for x in points])


def minimax(basis, target, weight):
    """The combination of the basis columns that minimises max |weight (sum - target)|.

    Lawson's iteration: least squares, the squared errors reweighted by their magnitudes.
    """
    importance = np.full(len(target), 1 / len(target))
    best, least = None, np.inf
    for _ in range(400):
        row = np.sqrt(importance) * weight
        solution = np.linalg.lstsq(basis * row[:, None], target * row, rcond=None)[0]
        error = np.abs(weight * (basis @ solution - target))
        if error.max() < least:
            best, least = solution, error.max()
        importance *= error
        importance /= importance.sum()
    return best


def fit(name, function, weight, low, high, terms, fixed=()):
    """Prints and returns a binary32 table for `function` on [low, high]."""
    points = grid(low, high)
    target, weights = values(function, points), np.abs(values(weight, points))
    size = np.abs(points).max()
    powers = (points[:, None] / size) ** np.arange(terms)
    rounded = [float(np.float32(c)) for c in fixed]
    while len(rounded) < terms:
        done = len(rounded)
        rest = target - np.polyval(rounded[::-1] or [0.0], points)
        free = minimax(powers[:, done:], rest, weights)
        rounded.append(float(np.float32(free[0] / size**done)))
    error = np.abs(weights * (np.polyval(rounded[::-1], points) - target)).max() * 2**24
    print(f"{name}  // [{low:.7g}, {high:.7g}], error {error:.3f}")
    for c in rounded:
        print(f"    {literal(c)},")
    return rounded


def literal(value):
    """A shortest decimal that reads back as the same binary32."""
    return np.format_float_scientific(np.float32(value), trim="0") \
        if not 1e-4 <= abs(value) < 1e6 else np.format_float_positional(np.float32(value), trim="0")


def split(name, value, bits):
    """Prints `value` as a leading part of `bits` significant bits and a binary32 remainder."""
    exponent = int(mp.floor(mp.log(abs(value), 2))) + 1
    high = mp.floor(value * mp.mpf(2) ** (bits - exponent) + 0.5) / mp.mpf(2) ** (bits - exponent)
    print(f"{name}_HIGH = {literal(float(high))}, {name}_LOW = {literal(float(value - high))}")


LN2 = mp.log(2)


def exponential():
    """e^r = 1 + r + r^2 P(r); the error is relative to e^r - 1."""
    half = float(LN2 / 2) * 1.0001
    fit("EXP", lambda r: (mp.expm1(r) - r) / r**2, lambda r: r**2 / mp.expm1(r), -half, half, 5)


def logarithm():
    """ln(1 + f) = f + f^2 P(f), P(0) = -1/2; the error is relative to ln(1 + f)."""
    fit("LN", lambda f: (mp.log1p(f) - f) / f**2, lambda f: f**2 / mp.log1p(f),
        float(mp.sqrt(0.5)) - 1, float(mp.sqrt(2)) - 1, 9, fixed=[-0.5])


def upper_tail(a):
    """1 - Phi(a)."""
    return mp.erfc(a / mp.sqrt(2)) / 2


def tail(name, function, middle, edge, constant, start, end, terms=12):
    """function(a) = P(a - middle) up to `edge`, and Q(1 / a - inverse_middle) / a up
    to `end`; the errors are relative. The constant of Q is given, and short, and
    inverse_middle, near `start`, where Q has that value."""
    def near(t):
        return function(middle + t)
    fit(name + "_NEAR", near, lambda t: 1 / near(t), -middle, edge - middle, terms)

    def scaled(inverse):
        return function(1 / inverse) / inverse
    inverse_middle = float(np.float32(float(mp.findroot(lambda t: scaled(t) - constant, start))))
    print(f"inverse_middle: {literal(inverse_middle)}")

    def far(t):
        return scaled(inverse_middle + t)
    fit(name + "_FAR", far, lambda t: 1 / far(t), 1 / end - inverse_middle,
        1 / edge - inverse_middle, terms, fixed=[constant])


def normal():
    """e^(a^2 / 2) (1 - Phi(a)), e^(x^2) erfc(x), and erf(x) = x + x P(x^2); relative."""
    tail("NORMAL", lambda a: mp.exp(a * a / 2) * upper_tail(a), 0.7890625, 1.5,
         3055 / 8192, 0.28125, 14.5)
    tail("ERFC", lambda x: mp.exp(x * x) * mp.erfc(x), 0.5, 1.078125,
         2245 / 4096, 0.25, 10.25)

    def slope(square):
        return mp.erf(mp.sqrt(square)) / mp.sqrt(square)
    fit("ERF", lambda square: slope(square) - 1, lambda square: 1 / slope(square), 0.0, 0.25, 5)


def quantile():
    """Phi^-1(p): (p - 1/2) (4 + P(w)) with w = -ln(4 p (1 - p)) for p > 1/64, below it P(t) - u with
    u = sqrt(-2 ln p) and t = 1 / (u + 3.5) - 0.1; the errors are relative."""
    def magnitude(log_p):
        start = mp.sqrt(-2 * log_p) - 0.5 if log_p < -1 else mp.mpf(0.1)
        return mp.findroot(lambda z: mp.log(upper_tail(z)) - log_p, start)

    def slope(w):
        root = mp.sqrt(-mp.expm1(-w))
        return 2 * magnitude(mp.log((1 - root) / 2)) / root

    edge = mp.mpf(1) / 64
    fit("CENTRE", lambda w: slope(w) - 4, lambda w: 1 / slope(w), 0.0, float(-mp.log(4 * edge * (1 - edge))), 8)

    def u(t):
        return 1 / (t + mp.mpf(1) / 10) - 3.5

    def gap(t):
        return u(t) - magnitude(-u(t) ** 2 / 2)
    fit("TAIL", gap, lambda t: 1 / (u(t) - gap(t)), 1 / (14.4 + 3.5) - 0.1,
        1 / (float(mp.sqrt(-2 * mp.log(edge))) + 3.5) - 0.1, 8)


if __name__ == "__main__":
    split("LN2", LN2, 15)
    exponential()
    logarithm()
    normal()
    quantile()
