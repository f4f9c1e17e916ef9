"""Computes the polynomial coefficients of the elementary functions in mdn-infer/src/math.

    pip install numpy mpmath
    python docs/coefficients.py

Each table is a weighted minimax approximation found by the Remez exchange on a fine grid.
Coefficients are rounded to binary32 one at a time, lowest degree first, and the remaining ones
are fitted again after each rounding, so that they absorb its error. The printed names are those
of the Rust constants, lowest degree first; "error" is the largest weighted error of the rounded
table over the grid, in units of 2^-24, with exact evaluation.
"""

import mpmath as mp
import numpy as np

mp.mp.dps = 40
GRID = 3001


def grid(low, high):
    """Chebyshev-spaced points of [low, high]; zero is left out."""
    angles = np.pi * (np.arange(GRID) + 0.5) / GRID
    points = (high + low) / 2 - (high - low) / 2 * np.cos(angles)
    return points[np.abs(points) > 1e-9]


def values(function, points):
    """The function at the points, evaluated in high precision, rounded to binary64."""
    return np.array([float(function(mp.mpf(float(x)))) for x in points])


def minimax(points, target, weight, terms):
    """Coefficients of the polynomial that minimises max |weight (polynomial - target)|."""
    size = np.abs(points).max()
    powers = (points[:, None] / size) ** np.arange(terms)
    reference = np.linspace(0, len(points) - 1, terms + 1).round().astype(int)
    for _ in range(60):
        signs = (-1.0) ** np.arange(terms + 1)
        system = np.column_stack([powers[reference], signs / weight[reference]])
        solution = np.linalg.solve(system, target[reference])
        coefficients, level = solution[:-1], abs(solution[-1])
        error = weight * (powers @ coefficients - target)
        reference = exchange(error, terms + 1)
        if np.abs(error).max() <= level * (1 + 1e-6):
            break
    return coefficients / size ** np.arange(terms)


def exchange(error, count):
    """The extrema of an alternating run of `count` sign changes that holds the largest."""
    starts = np.flatnonzero(np.diff(np.sign(error)) != 0) + 1
    runs = np.split(np.arange(len(error)), starts)
    peaks = [run[np.abs(error[run]).argmax()] for run in runs]
    while len(peaks) > count:
        if len(peaks) == count + 1:
            peaks.pop(0 if abs(error[peaks[0]]) < abs(error[peaks[-1]]) else -1)
        else:
            least = min(range(len(peaks) - 1),
                        key=lambda i: max(abs(error[peaks[i]]), abs(error[peaks[i + 1]])))
            del peaks[least:least + 2]
    if len(peaks) < count:
        raise ArithmeticError("the error does not alternate often enough")
    return np.array(peaks)


def fit(name, function, weight, low, high, terms, fixed=()):
    """Prints and returns a binary32 table for `function` on [low, high]."""
    points = grid(low, high)
    target, weights = values(function, points), np.abs(values(weight, points))
    rounded = [float(np.float32(c)) for c in fixed]
    while len(rounded) < terms:
        done = len(rounded)
        rest = (target - np.polyval(rounded[::-1] or [0.0], points)) / points**done
        free = minimax(points, rest, weights * np.abs(points) ** done, terms - done)
        rounded.append(float(np.float32(free[0])))
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
    """exp(r) = 1 + r + r^2 P(r); the error is relative to exp(r)."""
    half = float(LN2 / 2) * 1.0001
    for terms in (4, 5):
        fit(f"EXP{terms}", lambda r: (mp.expm1(r) - r) / r**2, lambda r: r**2 / mp.exp(r),
        -half, half, terms)
        fit(f"EXPM1{terms}", lambda r: (mp.expm1(r) - r) / r**2, lambda r: r**2 / mp.expm1(r),
        -half, half, terms)


def logarithm():
    """ln(1 + f) = f + f^2 P(f), P(0) = -1/2; the error is relative to ln(1 + f)."""
    for terms in (8, 9, 10):
        fit(f"LN{terms}", lambda f: (mp.log1p(f) - f) / f**2, lambda f: f**2 / mp.log1p(f),
        float(mp.sqrt(0.5)) - 1, float(mp.sqrt(2)) - 1, terms, fixed=[-0.5])


if __name__ == "__main__":
    split("LN2", LN2, 15)
    exponential()
    logarithm()
