"""Writes linalg_golden.h: what PyTorch and NumPy compute for the cases of
tests/autograd/linalg_test.cpp. All in f64.

python3 tests/golden/make_linalg_golden.py > tests/golden/linalg_golden.h
"""

import numpy
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def array(name, x):
    shape = list(x.shape)
    values = ", ".join(repr(float(v)) for v in x.detach().reshape(-1))
    print(f"inline const std::vector<double> {name}{{{values}}};  // {shape}")


def spread(shape, phase):
    """Fixed values of both signs, the same in any version; i^2, since rows of sin(i) would depend
    on one another."""
    i = torch.arange(torch.Size(shape).numel())
    return torch.sin(i * i * 0.37 + i + phase).reshape(shape) * 1.5


def case(name, f, *inputs):
    """Values of f, and the gradient of sum(sin(f)) in each input."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = f(*leaves)
    array(name, y)
    for i, d in enumerate(torch.autograd.grad(torch.sin(y).sum(), leaves)):
        array(f"{name}_grad{i}", d)


print("#pragma once")
print(
    f"// Made by make_linalg_golden.py with PyTorch {torch.__version__.split('+')[0]} "
    f"and NumPy {numpy.__version__}; do not edit."
)
print("#include <vector>\n\nnamespace golden {\n")

a, b, tall, wide = (
    spread((2, 4, 4), 0.3),
    spread((2, 4, 3), 1.1),
    spread((2, 5, 3), 0.7),
    spread((3, 5), 0.2),
)
positive = a @ a.mT + 2 * torch.eye(4)
lower = torch.tril(a) + 2 * torch.eye(4)
for name, x in dict(a=a, b=b, tall=tall, wide=wide, positive=positive, lower=lower).items():
    array(name, x)

linalg = torch.linalg
case("cholesky", linalg.cholesky, positive)
case("solve_triangular", lambda l, x: linalg.solve_triangular(l, x, upper=False), lower, b)
case(
    "solve_triangular_right_unit",
    lambda l, x: linalg.solve_triangular(l.mT, x.mT, upper=True, left=False, unitriangular=True),
    lower,
    b,
)
case("solve", linalg.solve, a, b)
case("inverse", linalg.inv, a)
case("det", linalg.det, a)
case("logabsdet", lambda x: linalg.slogdet(x).logabsdet, a)
case("lu_l", lambda x: linalg.lu(x).L, a)
case("lu_u", lambda x: linalg.lu(x).U, a)
case("qr_q", lambda x: linalg.qr(x).Q, tall)
case("qr_r", lambda x: linalg.qr(x).R, tall)
case("qr_wide_r", lambda x: linalg.qr(x).R, wide)
case("eigenvalues", linalg.eigvalsh, positive)
case("eigenvectors_squared", lambda x: linalg.eigh(x).eigenvectors ** 2, positive)

# NumPy has no gradients, but another LAPACK.
sign, logabsdet = numpy.linalg.slogdet(a.numpy())
array("numpy_sign", torch.tensor(sign))
array("numpy_logabsdet", torch.tensor(logabsdet))
array("numpy_inverse", torch.tensor(numpy.linalg.inv(a.numpy())))
array("lu_p", linalg.lu(a).P)

print("\n}  // namespace golden")
