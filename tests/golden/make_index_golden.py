"""Writes index_golden.h: what numpy, PyTorch and mpmath compute for the cases of
tests/autograd/index_golden_test.cpp. All in f64.

python3 tests/golden/make_index_golden.py > tests/golden/index_golden.h
"""

import mpmath
import numpy as np
import torch

torch.set_default_dtype(torch.float64)


def numbers(x):
    return ", ".join(repr(float(v)) for v in np.asarray(x).reshape(-1))


def array(name, x, note=""):
    print(
        f"inline const std::vector<double> {name}{{{numbers(x)}}};{'  // ' + note if note else ''}"
    )


def spread(shape, phase):
    """Fixed values of both signs, the same in any version."""
    count = int(np.prod(shape))
    return (np.sin(np.arange(count) * 1.7 + phase) * 1.5).reshape(shape)


print("#pragma once")
print(
    f"// Made by make_index_golden.py with numpy {np.__version__}, "
    f"PyTorch {torch.__version__.split('+')[0]} and mpmath "
    f"{mpmath.__version__}; do not edit."
)
print(
    '#include <vector>\n\n#include "tensor/shape.h"\n\nnamespace golden {\n\n'
    "inline constexpr double inf = __builtin_inf();\n"
)

# --- einsum: operand k is spread(shape, k + 0.5) -------------------------------------------------
print(
    "struct Einsum {\n    const char* equation;\n"
    "    std::vector<eps::Shape> operands;\n    eps::Shape shape;\n"
    "    std::vector<double> values;\n};"
)
print("inline const std::vector<Einsum> einsums{")
for equation, shapes in [
    ("ij,jk->ik", [(2, 3), (3, 4)]),
    ("ij,jk", [(2, 3), (3, 4)]),
    ("ij,kj->ki", [(2, 3), (4, 3)]),
    ("ba,ac", [(2, 3), (3, 2)]),
    ("zB,Ba", [(2, 3), (3, 2)]),
    ("i,i", [(5,), (5,)]),
    ("i,i->i", [(5,), (5,)]),
    ("i,j->ij", [(2,), (3,)]),
    ("i,j->ji", [(2,), (3,)]),
    ("ii", [(3, 3)]),
    ("ii->i", [(3, 3)]),
    ("ijji->j", [(2, 3, 3, 2)]),
    ("iij->ij", [(2, 2, 3)]),
    ("iii", [(3, 3, 3)]),
    ("ij->", [(2, 3)]),
    ("ij->j", [(2, 3)]),
    ("ij->ji", [(2, 3)]),
    ("bij,bjk->bik", [(2, 2, 3), (2, 3, 2)]),
    ("bhqd,bhkd->bhqk", [(2, 2, 3, 4), (2, 2, 2, 4)]),
    ("...ij,...jk", [(2, 1, 2, 3), (3, 3, 2)]),
    ("...i->i...", [(2, 3, 4)]),
    ("i...,i...->...", [(3, 2), (3, 1)]),
    ("...,...", [(2, 1), (3,)]),
    ("i,ij,j", [(2,), (2, 3), (3,)]),
    ("ab,bc,cd,de->ae", [(2, 5), (5, 3), (3, 4), (4, 2)]),
    ("ij,ik,il->jkl", [(3, 2), (3, 2), (3, 4)]),
    ("ii,jj->ij", [(2, 2), (3, 3)]),
    ("ij,ij->ij", [(1, 3), (2, 3)]),
    ("ij,jk->ik", [(2, 1), (3, 4)]),
    (" i j , j k -> k i ", [(2, 3), (3, 4)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]),
    (",ij->ji", [(), (2, 3)]),
    ("ijk,jil->kl", [(3, 4, 5), (4, 3, 2)]),
    ("ijkl,klij->", [(2, 3, 2, 2), (2, 2, 2, 3)]),
    ("ij,k->ik", [(2, 3), (4,)]),
]:
    y = np.einsum(equation, *[spread(s, k + 0.5) for k, s in enumerate(shapes)])
    braces = lambda s: "{" + ", ".join(map(str, s)) + "}"
    print(
        f"    {{\"{equation}\", {{{', '.join(braces(s) for s in shapes)}}}, {braces(y.shape)}, "
        f"{{{numbers(y)}}}}},"
    )
print("};\n")

# --- picking and placing; x is spread(shape, 0), what is put there spread(shape, 1) --------------
x = torch.from_numpy(spread((4, 3), 0.0))
ids = torch.tensor([[0, 2, 0, 1, 1], [1, 1, 1, 0, 3], [3, 2, 1, 0, 3]])
src = torch.from_numpy(spread((3, 5), 1.0))
wide = torch.from_numpy(spread((3, 6), 0.0))
array("scatter_sum", wide.scatter_add(1, ids, src), "[3, 6]")
for how in ["prod", "amax", "amin"]:
    array(f"scatter_{how}", wide.scatter_reduce(1, ids, src, how, include_self=True), "[3, 6]")
rows, columns = torch.tensor([[2], [0]]), torch.tensor([1, 2, 1])
array(
    "index_put_accumulate",
    x.index_put((rows, columns), torch.from_numpy(spread((2, 3), 1.0)), accumulate=True),
    "[4, 3]",
)
array("masked_fill", x.masked_fill(x > 0.4, -7.0), "[4, 3]")
array("masked_select", x.masked_select(x > 0.4))
array("nonzero", torch.nonzero(torch.relu(x)), "[count, 2]")
array("cumprod", torch.cumprod(x, 0), "[4, 3]")
array("tile", torch.tile(x, (2, 1, 2)), "[2, 4, 6]")
array("repeat_interleave", torch.repeat_interleave(x, torch.tensor([1, 0, 3, 2]), dim=0), "[6, 3]")
coarse = torch.round(x * 2)
values, inverse, counts = torch.unique(coarse, return_inverse=True, return_counts=True)
array("unique_values", values), array("unique_inverse", inverse), array("unique_counts", counts)
lines = torch.sort(torch.from_numpy(spread((2, 5), 0.0)), dim=1).values
sought = torch.cat([torch.from_numpy(spread((2, 3), 2.0)), lines[:, 1:3]], 1)
array("search_left", torch.searchsorted(lines, sought), "[2, 5]")
array("search_right", torch.searchsorted(lines, sought, right=True), "[2, 5]")
grid = torch.meshgrid(torch.arange(2.0), torch.arange(3.0), indexing="ij")
array("grid_0", grid[0]), array("grid_1", grid[1])

# --- scalar functions ----------------------------------------------------------------------------
mpmath.mp.dps = 40
tails = [
    -1e4,
    -200.0,
    -37.5,
    -37.0,
    -20.5,
    -12.7,
    -7.3,
    -5.0001,
    -5.0,
    -4.9,
    -3.3,
    -1.1,
    -0.7,
    -1e-9,
    0.0,
    0.3,
    1.0,
    2.5,
    5.0,
    8.1,
    20.0,
    37.5,
    40.0,
]
log_ncdf = lambda v: mpmath.log(mpmath.erfc(-mpmath.mpf(v) / mpmath.sqrt(2)) / 2)
array("normal_at", tails)
array(
    "ndtr",
    [mpmath.ncdf(mpmath.mpf(v)) if v < 0 else 1 - mpmath.ncdf(-mpmath.mpf(v)) for v in tails],
)
array(
    "log_ndtr",
    [
        log_ncdf(v) if v < 0 else mpmath.log1p(-mpmath.erfc(mpmath.mpf(v) / mpmath.sqrt(2)) / 2)
        for v in tails
    ],
)
array(
    "log_ndtr_slope",
    [
        mpmath.npdf(mpmath.mpf(v)) / (mpmath.erfc(-mpmath.mpf(v) / mpmath.sqrt(2)) / 2)
        for v in tails
    ],
)
inf = float("inf")
a = np.array([7.5, -7.5, 7.5, -7.5, 1e18, 0.3, -0.0, 5.0, -5.0, 1.0])
b = np.array([2.0, 2.0, -2.0, -2.0, 3.0, 0.1, 1.0, inf, inf, 0.1])
array("modulo_a", a), array("modulo_b", b), array(
    "remainder", torch.remainder(torch.from_numpy(a), torch.from_numpy(b))
)
array("fmod", np.fmod(a, b))
p = np.array([0.0, 1000.0, -1000.0, 3.0, inf, -inf, -inf, 1e-3])
q = np.array([0.0, 1000.0, -1001.0, -800.0, inf, -inf, 2.0, -1e4])
array("logadd_a", p), array("logadd_b", q), array("logaddexp", np.logaddexp(p, q))
array(
    "hypot",
    torch.hypot(torch.tensor([3.0, 1e200, 1e-200, -5.0]), torch.tensor([4.0, 1e200, 1e-200, 12.0])),
)
array(
    "xlogy",
    torch.xlogy(torch.tensor([0.0, 0.0, 0.0, 2.0, -1.5]), torch.tensor([0.0, inf, -1.0, 3.0, 0.5])),
)
print("\n}  // namespace golden")
