"""What the lists of cases share: inputs, and case(), which computes an op with its derivatives.

Inputs are numbers that f32 holds exactly, so that a test in f32 and one in f64 see the same. An
output y_k is weighted with fixed factors w_k; the gradients g_i of L = sum_k <w_k, y_k> are the
first order, and the gradients of sum_i <v_i, g_i>, with fixed v_i, the second.
"""

import math

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

CASES = []  # dictionaries, as they stand in the JSON file


def factors(shape, phase, step, modulus):
    """Fixed numbers without a 0, the same in C++: multiples of 1/8 around 0."""
    index = torch.arange(torch.Size(shape).numel())
    values = 2 * ((step * index + 3 + 5 * phase) % modulus) - modulus
    return (values.double() / 8).reshape(shape)


def output_factors(shape, k):
    return factors(shape, k, 7, 11)


def directions(shape, i):
    return factors(shape, i, 5, 13)


def spread(shape, phase=0.1, scale=1.5, centre=0.0):
    """Fixed values in centre +- scale, multiples of 2^-10, no two of them near each other."""
    count = torch.Size(shape).numel()
    values = torch.sin(torch.arange(count) * 1.7 + phase) * scale + centre
    return (values * 1024).round().div(1024).reshape(shape)


def between(shape, low, high, phase=0.1):
    return spread(shape, phase, (high - low) / 2, (high + low) / 2)


def line(*values):
    return torch.tensor([float(v) for v in values])


def index(*values):
    return torch.tensor(values, dtype=torch.int64)


def gradients(y, leaves, **options):
    """Zeros for a leaf that y does not depend on, and for a y that depends on none."""
    if not leaves or not y.requires_grad:
        return [torch.zeros_like(x) for x in leaves]
    found = torch.autograd.grad(y, leaves, allow_unused=True, create_graph=True, **options)
    return [torch.zeros_like(x) if g is None else g for x, g in zip(leaves, found)]


def weighted(tensors, weights):
    return sum((t * w(t.shape, k)).sum() for k, (t, w) in enumerate(zip(tensors, weights)))


def case(op, function, *inputs, order=2, digits=0, **arguments):
    """Adds function(*inputs) as what `op` with these arguments must give. `order` is the highest
    derivative that is compared, `digits` how many decimal digits of it rounding may cost beyond
    those of other cases. The function sees the arguments as keywords if it wants to."""
    leaves = [x.clone().requires_grad_(x.is_floating_point()) for x in inputs]
    results = function(*leaves)
    results = list(results) if isinstance(results, (tuple, list)) else [results]
    entry = dict(op=op, arguments=arguments, order=order, digits=digits)
    tensors = {f"x{i}": x for i, x in enumerate(inputs)}
    tensors |= {f"y{k}": y.detach() for k, y in enumerate(results)}
    real = [x for x in leaves if x.requires_grad]
    smooth = [y for y in results if y.is_floating_point()]
    if not real or not smooth:
        entry["order"] = order = 0
    if order >= 1:
        first = gradients(weighted(smooth, [output_factors] * len(smooth)), real)
        tensors |= {f"g{i}": g.detach() for i, g in enumerate(first)}
    if order >= 2:
        second = gradients(weighted(first, [directions] * len(first)), real)
        tensors |= {f"h{i}": h.detach() for i, h in enumerate(second)}
    entry["tensors"] = {name: packed(name, x) for name, x in tensors.items()}
    CASES.append(entry)


def packed(name, x):
    """Inputs as f32 and expected numbers as f64; where f32 holds all of these, too, as f32."""
    x = x.contiguous().clone()
    if not x.is_floating_point():
        return x
    x = x.double()
    single = x.float()
    exact = torch.equal(torch.nan_to_num(single.double(), 0.5), torch.nan_to_num(x, 0.5))
    if name.startswith("x"):
        assert exact, "an input that f32 does not hold"
    return single if exact else x


INF = math.inf
NAN = math.nan
