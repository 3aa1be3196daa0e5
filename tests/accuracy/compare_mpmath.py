"""The f64 formulas, which the sweeps of f32 take for exact, against mpmath.

    EPS_ACCURACY_DUMP=/tmp/f64.txt build/release/tests/eps_tests --source-file='*/tests/accuracy/*'
    python3 tests/accuracy/compare_mpmath.py /tmp/f64.txt      (pip install mpmath)

Prints, for every op, the largest errors of the value and of the first and second derivative in f64
ULP, scaled as in sweep.h, and where they are. Derivatives are differences with 110 digits.
"""

import math
import sys

import mpmath as mp

mp.mp.dps = 60
ULP = mp.mpf(2) ** -52


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def ndtr(x):
    return mp.erfc(-x / mp.sqrt(2)) / 2


FUNCTIONS = {
    "exp2": lambda x: mp.mpf(2) ** x,
    "log2": lambda x: mp.log(x) / mp.log(2),
    "rsqrt": lambda x: 1 / mp.sqrt(x),
    "ndtr": ndtr,
    "log_ndtr": lambda x: mp.log(ndtr(x)),
    "sigmoid": sigmoid,
    "log_sigmoid": lambda x: -mp.log1p(mp.exp(-x)),
    "softplus": lambda x: mp.log1p(mp.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: x * ndtr(x),
    "gelu_tanh": lambda x: x * sigmoid(2 * mp.sqrt(2 / mp.pi) * (x + mp.mpf(0.044715) * x**3)),
    "mish": lambda x: x * mp.tanh(mp.log1p(mp.exp(x))),
    "square": lambda x: x * x,
    "reciprocal": lambda x: 1 / x,
}
for name in (
    "exp expm1 log log10 log1p sqrt sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh "
    "erf erfc"
).split():
    FUNCTIONS[name] = getattr(mp, name)


def exact(f, x):
    """f, f' and f'' at x, or None outside of f's domain."""
    step = min(abs(x), 1) * mp.mpf(10) ** -18
    try:
        with mp.workdps(110):
            a, b, c, d, e = (f(x + k * step) for k in (-2, -1, 0, 1, 2))
            results = (
                c,
                (8 * (d - b) - (e - a)) / (12 * step),
                (16 * (d + b) - 30 * c - (e + a)) / (12 * step**2),
            )
    except (ValueError, ZeroDivisionError, OverflowError):
        return None
    if any(mp.im(r) != 0 for r in results):
        return None
    return [mp.re(r) for r in results]


def main():
    worst = {}
    for line in open(sys.argv[1]):
        name, x, *got = line.split()
        x, got = float(x), [float(v) for v in got]
        # mpmath takes long for exponentials of large numbers, which are 0, 1 or inf.
        if name not in FUNCTIONS or abs(x) > 1e4:
            continue
        for order, r in enumerate(exact(FUNCTIONS[name], mp.mpf(x)) or []):
            if not math.isfinite(got[order]):
                continue
            scale = max(abs(r), 1 if order else min(1, abs(x)))
            error = float(abs(mp.mpf(got[order]) - r) / scale / ULP)
            entry = worst.setdefault(name, [(0, 0)] * 3)
            entry[order] = max(entry[order], (error, x))
    for name, entry in sorted(worst.items()):
        print(f"{name:12s}", "  ".join(f"{error:8.2g} at {x:<10.4g}" for error, x in entry))


if __name__ == "__main__":
    main()
