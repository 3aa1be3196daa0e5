"""Every op with one formula: on its domain, with inputs that broadcast, empty, and at the points
where a convention decides."""

import math

import torch
import torch.nn.functional as F
from torch import distributions as D

from cases import INF, NAN, between, case, line, spread


def unary(op, f, low=-2.0, high=2.0, at=(), order_at=2, **arguments):
    """`at` are points where the op has a kink, a step, a pole or a limit."""
    case(op, f, between((2, 3, 4), low, high), **arguments)
    case(op, f, between((), low, high, 0.7), **arguments)
    case(op, f, torch.zeros(2, 0, 3), **arguments)
    if at:
        case(op, f, line(*at), order=order_at, **arguments)


def binary(op, f, a=(-2.0, 2.0), b=(-2.0, 2.0), at=(), order_at=2, **arguments):
    case(op, f, between((2, 3, 4), *a), between((2, 3, 4), *b, 0.5), **arguments)
    case(op, f, between((2, 1, 4), *a), between((3, 1), *b, 0.9), **arguments)
    case(op, f, between((), *a), between((3, 2), *b, 0.3), **arguments)
    case(op, f, torch.zeros(0, 3), between((1, 3), *b, 0.2), **arguments)
    if at:
        case(op, f, *(line(*values) for values in zip(*at)), order=order_at, **arguments)


def ternary(op, f, *domains, **arguments):
    shapes = (((2, 3, 2),) * 3, ((2, 1, 2), (3, 1), (1,)), ((), (2, 2), (1, 2)), ((0, 2), (2,), ()))
    for row in shapes:
        inputs = [between(s, *d, 0.1 + k) for k, (s, d) in enumerate(zip(row, domains))]
        case(op, f, *inputs, **arguments)


def arithmetic():
    any_, plus = (-2.0, 2.0), (0.3, 2.5)
    pairs = [(1, 1), (0, 0), (0, 1), (1, 0), (-1, 1), (2, -2)]
    binary("add", torch.add, at=pairs)
    binary("sub", torch.sub, at=pairs)
    binary("mul", torch.mul, at=pairs)
    binary("div", torch.div, b=plus, at=[(1, 2), (0, 1), (0, -3), (INF, 2)])
    binary("pow", torch.pow, a=plus, at=[(1, 0), (2, 2), (-2, 2), (-1.5, 3), (4, 0.5)], order_at=0)
    binary("maximum", torch.maximum, at=pairs)
    binary("minimum", torch.minimum, at=pairs)
    binary("atan2", torch.atan2, a=plus, at=[(1, 0), (0, 1), (-1, 0), (1, -1), (-2, -2)])
    binary("remainder", torch.remainder, b=(3, 7), at=[(7, 2), (-7, 2), (7, -2), (-7, -2), (6, 3)])
    binary("fmod", torch.fmod, a=(5, 9), b=(2.1, 2.3), at=[(7, 2), (-7, 2), (7, -2), (-7, -2)])
    binary("hypot", torch.hypot, a=plus, b=plus, at=[(3, 4), (-3, 4), (0, 1), (1, 0)])
    binary("logaddexp", torch.logaddexp, at=[(0, 0), (50, -50), (3, 3), (-30, 2)])
    binary("xlogy", torch.xlogy, b=plus, at=[(2, 1), (-1, 4), (1, 0.5)])
    case("xlogy", torch.xlogy, line(0, 0, 0), line(0, 1, INF), order=0)
    ternary(
        "addcmul",
        lambda x, a, b: torch.addcmul(x, a, b, value=1.75),
        any_,
        any_,
        any_,
        attributes=[1.75],
    )
    condition = lambda c, a, b: torch.where(c != 0, a, b)
    ternary("where", condition, any_, any_, any_)
    case("where", condition, line(0, 1, -0.0, 2), line(1, NAN, 3, INF), line(5, 6, NAN, 8))
    ternary("lerp", torch.lerp, any_, any_, (0.0, 1.0))
    case("lerp", torch.lerp, line(1, 1, 1), line(3, 3, 3), line(0, 0.5, 1))


def with_scalars():
    unary("add_scalar", lambda x: x + 0.375, attributes=[0.375])
    unary("mul_scalar", lambda x: x * -1.75, attributes=[-1.75])
    unary("div_scalar", lambda x: x / 1.75, attributes=[1.75])
    unary("scalar_div", lambda x: 1.75 / x, 0.3, 2.5, (-2, 1), attributes=[1.75])
    unary("scalar_pow", lambda x: 1.75**x, at=(0, 1, -3), attributes=[1.75])
    unary("scalar_pow", lambda x: 0.0**x, 0.3, 2.5, order=1, attributes=[0])
    for p in (2.5, -1.5, 0.5, 1 / 3):
        unary("pow_scalar", lambda x: x**p, 0.3, 2.5, attributes=[p])
    for p in (0, 1, 2, 3, 4):
        unary("pow_scalar", lambda x: x**p, at=(0, -1, 2), attributes=[p])
    for p in (-1, -2):
        unary("pow_scalar", lambda x: x**p, 0.3, 2.5, (-1, 2), attributes=[p])
    unary(
        "clamp",
        lambda x: x.clamp(-0.75, 0.5),
        at=(-0.75, 0.5, -9, 9),
        order_at=0,
        attributes=[-0.75, 0.5],
    )
    unary("clamp", lambda x: x.clamp(min=0.25), at=(0.25, 0), order_at=0, attributes=[0.25, "inf"])


def steps():
    halves = (0, -0.0, 0.5, -0.5, 1.5, 2.5, -1.5, 3, INF, -INF)
    unary("neg", torch.neg, at=(0, INF))
    unary("abs", torch.abs, at=(0, -0.0, -1, INF, -INF))
    unary("sign", torch.sign, at=(0, -0.0, 3, -INF))
    unary("square", torch.square, at=(0, -3))
    unary("reciprocal", torch.reciprocal, 0.3, 2.5, (-2, 4))
    for name in ("floor", "ceil", "round", "trunc"):
        unary(name, getattr(torch, name), at=halves)


def predicates():
    pairs = [(1, 1), (0, 0), (0, 1), (1, 0), (NAN, 1), (1, NAN), (INF, INF), (-INF, INF), (0, -0.0)]
    for name in ("eq", "ne", "lt", "le", "gt", "ge", "logical_and", "logical_or", "logical_xor"):
        binary(name, getattr(torch, name), at=pairs)
    for name in ("logical_not", "isnan", "isinf", "isfinite"):
        unary(name, getattr(torch, name), at=(0, -0.0, 1, NAN, INF, -INF))


def elementary():
    for name in ("exp", "exp2", "expm1"):
        unary(name, getattr(torch, name), at=(0, -0.0, 1, -1, -40))
    for name in ("log", "log2", "log10"):
        unary(name, getattr(torch, name), 0.3, 2.5, (1, 2, 1024))
    unary("log1p", torch.log1p, -0.7, 2, (0, 2**-20, -0.5))
    unary("sqrt", torch.sqrt, 0.3, 2.5, (0, 1, 4), order_at=1)
    unary("rsqrt", torch.rsqrt, 0.3, 2.5, (1, 4))
    unary("cbrt", lambda x: torch.sign(x) * torch.abs(x) ** (1 / 3), 0.3, 2.5, (-1, 8, -27))
    for name in ("sin", "cos", "atan", "asinh", "sinh", "cosh", "tanh", "erf", "erfc"):
        unary(name, getattr(torch, name), at=(0, -0.0, 1, -3, 4))
    unary("tan", torch.tan, -1.1, 1.1, (0, 3))
    unary("asin", torch.asin, -0.9, 0.9, (0, 0.5))
    unary("acos", torch.acos, -0.9, 0.9, (0, 0.5))
    unary("acosh", torch.acosh, 1.3, 4, (1.25, 9))
    unary("atanh", torch.atanh, -0.9, 0.9, (0, -0.5))
    unary("ndtr", torch.special.ndtr, at=(0, 1, -3))
    unary("log_ndtr", torch.special.log_ndtr, at=(0, 1, -3, 5))


def activations():
    limits = (0, -0.0, 1, -3, 5, 20, -20)
    unary("sigmoid", torch.sigmoid, at=limits)
    unary("log_sigmoid", F.logsigmoid, at=limits)
    unary("softplus", lambda x: F.softplus(x, threshold=1e9), at=(0, 1, -3, 5, 30, -30))
    unary("softsign", F.softsign, at=(1, -3, 5))
    unary("relu", F.relu, at=(0, -0.0, 1, -1))
    unary("relu6", F.relu6, -3, 9, (0, 6, 3))
    unary("leaky_relu", lambda x: F.leaky_relu(x, 0.25), at=(0, 1, -1), attributes=[0.25])
    unary("elu", lambda x: F.elu(x, 1.25), at=(0, 1, -1, -30), order_at=1, attributes=[1.25])
    unary("celu", lambda x: F.celu(x, 1.25), at=(0, 1, -1, -30), order_at=1, attributes=[1.25])
    unary("selu", F.selu, at=(0, 1, -1, -30), order_at=1)
    unary("silu", F.silu, at=limits)
    unary("gelu", F.gelu, at=(0, 1, -3, 4))
    unary("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), at=(0, 1, -3, 4))
    unary("mish", F.mish, at=limits)
    unary("hardsigmoid", lambda x: F.relu6(x + 3) / 6, -5, 5, (-3, 3, 0))
    unary("hardswish", F.hardswish, -5, 5, (-3, 3, 0))
    unary("hardtanh", lambda x: F.hardtanh(x, -0.5, 0.75), at=(-0.5, 0.75), attributes=[-0.5, 0.75])
    unary("softshrink", lambda x: F.softshrink(x, 0.5), at=(0.5, -0.5, 0), attributes=[0.5])
    unary("hardshrink", lambda x: F.hardshrink(x, 0.5), at=(0.5, -0.5, 0), attributes=[0.5])
    unary("threshold", lambda x: F.threshold(x, 0.5, -7), at=(0.5, 0), attributes=[0.5, -7])


def models():
    any_ = (-2.0, 2.0)
    normal = lambda mu, log_var: D.Normal(mu, (log_var / 2).exp(), validate_args=False)
    ternary("reparameterise", lambda m, s, n: m + (s / 2).exp() * n, any_, any_, any_)
    standard = lambda mu: D.Normal(torch.zeros_like(mu), torch.ones_like(mu))
    kl = lambda mu, s: D.kl_divergence(normal(*torch.broadcast_tensors(mu, s)), standard(mu))
    binary("kl_standard_normal", kl, at=[(0, 0), (1, -2)])
    ternary("normal_log_prob", lambda x, m, s: normal(m, s).log_prob(x), any_, any_, any_)

    def bce(x, t):
        x, t = torch.broadcast_tensors(x, t)
        return F.binary_cross_entropy_with_logits(x, t, reduction="none")

    binary("bce_with_logits", bce, b=(0.0, 1.0), at=[(30, 1), (-30, 0), (2, 0), (-3, 1)])
    pair = lambda f, **o: lambda a, b: f(*torch.broadcast_tensors(a, b), reduction="none", **o)
    binary("squared_error", pair(F.mse_loss), at=[(1, 1), (2, -1)])
    huber = pair(F.huber_loss, delta=0.75)
    binary("huber", huber, at=[(0, 0), (1, 0), (0, 1), (5, 0)], attributes=[0.75])
    planar = lambda h, wu: torch.log(torch.abs(1 + (1 - h * h) * wu))
    binary("planar_log_det", planar, a=(-0.9, 0.9), b=(-0.8, 2.0))
    ternary("affine_coupling", lambda x, s, t: x * torch.exp(s) + t, any_, any_, any_)


def add_cases():
    for part in (
        arithmetic,
        with_scalars,
        steps,
        predicates,
        elementary,
        activations,
        models,
    ):
        part()
