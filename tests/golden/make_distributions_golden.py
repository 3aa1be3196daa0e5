"""Writes distributions_golden.h: densities, entropies and divergences as SciPy computes them.

pip install scipy==1.17.1
python3 tests/golden/make_distributions_golden.py |
    clang-format-14 > tests/golden/distributions_golden.h
"""

import numpy as np
from scipy import integrate, special, stats


def array(name, values):
    numbers = [repr(float(v)) for v in np.atleast_1d(values)]
    print(f"inline const std::vector<double> {name}{{")
    for number in numbers:
        print(f"    {number},")
    print("};")


def kl_normal(mu_q, sigma_q, mu_p, sigma_p):
    """By quadrature, so that no closed form is compared with itself."""
    q, p = stats.norm(mu_q, sigma_q), stats.norm(mu_p, sigma_p)
    f = lambda x: q.pdf(x) * (q.logpdf(x) - p.logpdf(x))
    return integrate.quad(f, mu_q - 30 * sigma_q, mu_q + 30 * sigma_q, epsabs=1e-13, limit=500)[0]


mu, sigma = np.array([0.5, -1.0]), np.array([0.7, 1.3])
other_mu, other_sigma = np.array([-0.2, 0.4]), np.array([1.1, 0.9])
points = np.array([[0.0, 0.0], [1.5, -2.0], [-3.0, 4.0]])
p, other_p = np.array([0.1, 0.5, 0.93]), np.array([0.3, 0.2, 0.6])
weights, means, deviation = np.array([0.5, 0.3, 0.2]), np.array([[0, 0], [2, 1], [-1, 3]]), 0.8


def mixture_log_prob(x):
    return special.logsumexp([np.log(w) + stats.multivariate_normal(m, deviation**2).logpdf(x)
                              for w, m in zip(weights, means)])


def mixture_score(x, step=1e-5):
    return [(mixture_log_prob(x + step * e) - mixture_log_prob(x - step * e)) / (2 * step)
            for e in np.eye(2)]


print("// Written by make_distributions_golden.py.")
print("#pragma once")
print("#include <vector>")
print()
print("namespace eps::golden::distributions {")
print()
array("normal_log_prob", stats.norm(mu, sigma).logpdf(points).sum(1))
array("normal_entropy", stats.norm(mu, sigma).entropy().sum())
array("normal_kl", sum(kl_normal(*a) for a in zip(mu, sigma, other_mu, other_sigma)))
array("normal_kl_to_standard", sum(kl_normal(m, s, 0, 1) for m, s in zip(mu, sigma)))
array("bernoulli_log_prob", stats.bernoulli(p).logpmf([1, 0, 1]).sum())
array("bernoulli_entropy", stats.bernoulli(p).entropy().sum())
array("bernoulli_kl", sum(stats.entropy([a, 1 - a], [b, 1 - b]) for a, b in zip(p, other_p)))
array("uniform_log_prob", stats.uniform([-1, 0], [2, 4]).logpdf([[0, 1]]).sum(1))
array("uniform_entropy", stats.uniform([-1, 0], [2, 4]).entropy().sum())
array("mixture_log_prob", [mixture_log_prob(x) for x in points])
array("mixture_score", np.concatenate([mixture_score(x) for x in points]))
print()
print("}  // namespace eps::golden::distributions")
