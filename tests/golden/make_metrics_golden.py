"""Writes metrics_golden.h: what NumPy computes by brute force for the cases of
tests/experiments/metrics_*_test.cpp. All in f64.

python3 tests/golden/make_metrics_golden.py > tests/golden/metrics_golden.h
"""

import math

import numpy as np


def array(name, x):
    x = np.asarray(x, dtype=np.float64)
    print(
        f"inline const std::vector<double> {name}"
        f"{{{', '.join(repr(float(v)) for v in x.reshape(-1))}}};  // {list(x.shape)}"
    )


def distances(a, b):
    return np.sqrt(((a[:, None, :] - b[None, :, :]) ** 2).sum(-1))


def balls(data, samples, k):
    """Precision, recall, density, coverage (Naeem et al. 2020, eq. 1, 3 and 4)."""
    data_radii, sample_radii = (
        np.sort(distances(p, p), axis=1)[:, k] for p in (data, samples)
    )  # column 0: itself
    between = distances(data, samples)
    in_data = between < data_radii[:, None]
    return [
        in_data.any(0).mean(),
        (between < sample_radii[None, :]).any(1).mean(),
        in_data.sum(0).mean() / k,
        in_data.any(1).mean(),
    ]


def mmd2(x, y, bandwidths):
    kernel = lambda a, b: sum(
        np.exp(-distances(a, b) ** 2 / (2 * s * s)) for s in bandwidths
    ) / len(bandwidths)
    n, m = len(x), len(y)
    off = lambda k: k.sum() - np.trace(k)
    return (
        off(kernel(x, x)) / (n * (n - 1))
        + off(kernel(y, y)) / (m * (m - 1))
        - 2 * kernel(x, y).mean()
    )


def frechet(x, y):
    """By the eigenvalues of the product itself, which is not symmetric."""
    s, t = np.cov(x.T), np.cov(y.T)
    roots = np.sqrt(np.maximum(np.linalg.eigvals(s @ t).real, 0))
    return ((x.mean(0) - y.mean(0)) ** 2).sum() + np.trace(s) + np.trace(t) - 2 * roots.sum()


def windows(x, centres, sigma):
    d = x.shape[1]
    density = np.exp(-distances(x, centres) ** 2 / (2 * sigma**2)) / (2 * np.pi * sigma**2) ** (
        d / 2
    )
    return np.log(density.mean(1))


def majority(k, shift):
    """Accuracy of k nearest neighbours for N(0, 1) against N(shift, 1) where neighbours are as
    near as one likes (Cover & Hart 1967)."""
    z = np.linspace(-12, 12 + shift, 200001)
    p, q = (np.exp(-((z - c) ** 2) / 2) / math.sqrt(2 * math.pi) for c in (0, shift))
    eta = p / (p + q)
    win = sum(math.comb(k, i) * eta**i * (1 - eta) ** (k - i) for i in range(k // 2 + 1, k + 1))
    return float((((p * win + q * (1 - win)) / 2).sum()) * (z[1] - z[0]))


rng = np.random.default_rng(20)
x, y = rng.normal(size=(30, 3)), rng.normal(size=(24, 3)) * 1.3 + 0.4
print("#pragma once")
print(f"// Made by make_metrics_golden.py with NumPy {np.__version__}; do not edit.")
print("#include <vector>\n\nnamespace golden::metrics {\n")
array("x", x)
array("y", y)
for k in (1, 3, 5):
    array(f"balls{k}", balls(x, y, k))
array("mmd2", [mmd2(x, y, [0.7, 1.9])])
array("frechet", [frechet(x, y)])
array("windows", windows(x, y, 0.3))
array("nearest", np.sort(distances(x, y), axis=1)[:, :3])
array("majority31", [majority(31, 2)])
print("\n}  // namespace golden::metrics")
