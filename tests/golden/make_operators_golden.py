"""Writes operators_golden.h: what PyTorch computes for the cases of
tests/autograd/operators_golden_test.cpp and tests/nn/recurrent_test.cpp. All in f64.

python3 tests/golden/make_operators_golden.py > tests/golden/operators_golden.h
"""

import torch
from torch import nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def spread(shape, phase, scale=1.5):
    """Fixed values of both signs, the same in any version."""
    count = torch.Size(shape).numel()
    values = torch.sin(torch.arange(count) * 1.7 + phase).reshape(shape) * scale
    return values.mul(1000).round().div(1000)


def write(name, y):
    shape = ", ".join(str(n) for n in y.shape)
    values = ", ".join(format(float(v), ".12g") for v in y.detach().reshape(-1))
    print(f'    {{"{name}", {{{shape}}}, {{{values}}}}},')


def write_gradients(name, function, *inputs):
    """The value, and the gradient of sum(value * spread) with respect to each input."""
    leaves = [x.clone().requires_grad_() for x in inputs]
    y = function(*leaves)
    write(name, y)
    for k, g in enumerate(torch.autograd.grad((y * spread(y.shape, 0.9)).sum(), leaves)):
        write(f"{name} d{k}", g)


version = torch.__version__.split("+")[0]
print("#pragma once")
print(f"// Made by make_operators_golden.py with PyTorch {version}; do not edit.")
print("#include <cstdint>\n#include <string>\n#include <vector>\n\nnamespace golden {\n")
print(
    "struct Expected {\n    std::string name;\n    std::vector<std::int64_t> shape;\n"
    "    std::vector<double> values;\n};"
)
print("inline const std::vector<Expected> operators{")

# --- grids ---------------------------------------------------------------------------------------
image, grid = spread((2, 1, 3, 4), 0.2), spread((2, 2, 3, 2), 0.5)
volume, grid_3d = spread((1, 2, 2, 3, 2), 0.3), spread((1, 2, 1, 3, 3), 0.4)
for mode in ("bilinear", "nearest", "bicubic"):
    for padding in ("zeros", "border", "reflection"):
        for corners in (False, True):
            options = dict(mode=mode, padding_mode=padding, align_corners=corners)
            name = f"grid_sample {mode} {padding} {'corners' if corners else 'edges'}"
            write_gradients(name, lambda x, g: F.grid_sample(x, g, **options), image, grid)
for padding in ("zeros", "border", "reflection"):
    write_gradients(
        f"grid_sample trilinear {padding}",
        lambda x, g: F.grid_sample(x, g, padding_mode=padding, align_corners=False),
        volume,
        grid_3d,
    )
for corners in (False, True):
    name = "corners" if corners else "edges"
    write_gradients(
        f"affine_grid 2d {name}",
        lambda t: F.affine_grid(t, (2, 1, 3, 2), align_corners=corners),
        spread((2, 2, 3), 0.1),
    )
    write_gradients(
        f"affine_grid 3d {name}",
        lambda t: F.affine_grid(t, (1, 1, 2, 3, 1), align_corners=corners),
        spread((1, 3, 4), 0.1),
    )

# --- volumes -------------------------------------------------------------------------------------
x, w, b = spread((1, 4, 3, 4, 3), 0.1), spread((6, 2, 2, 2, 3), 0.2), spread((6,), 0.3)
options = dict(stride=(2, 1, 2), padding=(1, 1, 0), dilation=(1, 2, 1), groups=2)
write_gradients("conv3d", lambda x, w, b: F.conv3d(x, w, b, **options), x, w, b)
wt = spread((4, 3, 2, 2, 3), 0.2)
write_gradients(
    "conv_transpose3d",
    lambda x, w, b: F.conv_transpose3d(x, w, b, output_padding=(1, 0, 1), **options),
    x,
    wt,
    b,
)
big = spread((1, 1, 5, 4, 5), 0.4)
write_gradients("max_pool3d", lambda x: F.max_pool3d(x, (2, 3, 2), (1, 2, 2), (1, 1, 0)), big)
write_gradients(
    "max_pool3d ceil", lambda x: F.max_pool3d(x, 2, dilation=(2, 1, 1), ceil_mode=True), big
)
write_gradients("avg_pool3d", lambda x: F.avg_pool3d(x, (2, 3, 2), (1, 2, 2), (1, 1, 0)), big)
write_gradients(
    "avg_pool3d ceil",
    lambda x: F.avg_pool3d(x, 2, 2, 1, ceil_mode=True, count_include_pad=False),
    big,
)
write_gradients("adaptive_avg_pool3d", lambda x: F.adaptive_avg_pool3d(x, (2, 3, 1)), big)
write_gradients("adaptive_max_pool3d", lambda x: F.adaptive_max_pool3d(x, (2, 3, 1)), big)
signal = spread((1, 2, 7), 0.4)
write_gradients("lp_pool1d", lambda x: F.lp_pool1d(x, 4, 3, 2), signal)
write_gradients("lp_pool2d", lambda x: F.lp_pool2d(x, 2, (2, 3)), spread((1, 2, 4, 6), 0.4))
write_gradients("lp_pool3d", lambda x: F.lp_pool3d(x, 2, 2), big)
pooled, indices = F.max_pool2d(spread((1, 2, 5, 6), 0.2), 2, return_indices=True)
write_gradients(
    "max_unpool2d", lambda x: F.max_unpool2d(x, indices, 2, output_size=(5, 6)), pooled
)

# --- elements ------------------------------------------------------------------------------------
p = torch.tensor([0.001, 0.2, 0.25, 0.4999, 0.5, 0.6, 0.75, 0.9, 0.99999])
write_gradients("logit", torch.logit, p)
write_gradients("logit clamped", lambda x: torch.logit(x, 0.1), p)
line = spread((9,), 0.2, 6)
write_gradients("softplus", lambda x: F.softplus(x, beta=3), line)
odd = torch.tensor([1.5, float("nan"), float("inf"), -float("inf"), -2])
write_gradients("nan_to_num", lambda x: torch.nan_to_num(x, 0.5, 7, -8), odd)
write("nan_to_num defaults", torch.nan_to_num(odd))
a = torch.tensor([7.0, -7, 7, -7, 6, -6, 0.9, -0.3])
d = torch.tensor([2.0, 2, -2, -2, 3, 3, 0.1, 0.1])
for mode in ("floor", "trunc"):
    write(f"div {mode}", torch.div(a, d, rounding_mode=mode))
lo, hi = torch.tensor([-1.0, -1, -1, 2]), torch.tensor([1.0, 1, 1, 1])
write_gradients(
    "clamp", lambda x, lo, hi: torch.clamp(x, lo, hi), torch.tensor([-3.0, 0.5, 4, 0]), lo, hi
)
write_gradients("unfold", lambda x: x.unfold(1, 3, 2), spread((2, 8, 2), 0.1))

# --- scattering ----------------------------------------------------------------------------------
base, source = spread((4, 2), 0.1), spread((5, 2), 0.2)
where = torch.tensor([[0, 3], [2, 3], [2, 0], [0, 1], [3, 1]])
for how in ("sum", "prod", "mean", "amax", "amin"):
    for include in (True, False):
        name = f"scatter_reduce {how} {'self' if include else 'others'}"
        write_gradients(
            name,
            lambda x, s: torch.scatter_reduce(x, 0, where, s, how, include_self=include),
            base,
            source,
        )

# --- losses --------------------------------------------------------------------------------------
probabilities = torch.sigmoid(spread((3, 4), 0.1, 3))
targets = torch.sigmoid(spread((3, 4), 0.7, 3))
class_weight = torch.tensor([0.5, 2, 1, 3])
for reduction in ("none", "mean", "sum"):
    write_gradients(
        f"bce {reduction}",
        lambda p, t: F.binary_cross_entropy(p, t, class_weight, reduction=reduction),
        probabilities,
        targets,
    )
    write_gradients(
        f"bce_with_logits {reduction}",
        lambda x, t: F.binary_cross_entropy_with_logits(
            x, t, class_weight, pos_weight=1 / class_weight, reduction=reduction
        ),
        spread((3, 4), 0.1, 3),
        targets,
    )
    soft = torch.softmax(spread((3, 4, 2), 0.7, 3), 1)
    write_gradients(
        f"cross_entropy {reduction}",
        lambda x, t: F.cross_entropy(x, t, class_weight, reduction=reduction, label_smoothing=0.2),
        spread((3, 4, 2), 0.1, 3),
        soft,
    )
extreme = torch.tensor([0.0, 1, 0, 1]), torch.tensor([0.0, 1, 1, 0])
write("bce extreme", F.binary_cross_entropy(*extreme, reduction="none"))

# --- spectra -------------------------------------------------------------------------------------
pairs = spread((1, 70, 2), 0.1)
write("dft", torch.view_as_real(torch.fft.fft(torch.view_as_complex(pairs))))
write("dft inverse", torch.view_as_real(torch.fft.ifft(torch.view_as_complex(pairs), n=9)))
write("dft onesided", torch.view_as_real(torch.fft.rfft(pairs[..., 0], n=72)))
bins = torch.view_as_complex(pairs[:, :6].contiguous())
write("dft inverse of one side", torch.fft.irfft(bins, n=9))
write("dft inverse of one side, even", torch.fft.irfft(bins))
wave, window = spread((1, 20), 0.1), torch.hann_window(8)
write_gradients(
    "stft",
    lambda x, w: torch.view_as_real(torch.stft(x, 8, 3, window=w, return_complex=True)),
    wave,
    window,
)
write(
    "stft options",
    torch.view_as_real(
        torch.stft(
            wave,
            6,
            window=torch.ones(6),
            center=False,
            normalized=True,
            onesided=False,
            return_complex=True,
        )
    ),
)
print("};\n")

# --- recurrent layers ----------------------------------------------------------------------------
print("inline const std::vector<Expected> recurrent{")
for kind in (nn.LSTM, nn.GRU):
    for bidirectional in (False, True):
        layer = kind(3, 2, num_layers=2, batch_first=bidirectional, bidirectional=bidirectional)
        with torch.no_grad():
            for phase, q in enumerate(layer.parameters()):
                q.copy_(spread(q.shape, phase, 0.7))
        count = 4 if bidirectional else 2
        x = spread((5, 4, 3), 0.1).requires_grad_()
        batch = 5 if bidirectional else 4
        h = spread((count, batch, 2), 0.2)
        c = spread((count, batch, 2), 0.3)
        y, state = layer(x, (h, c) if kind is nn.LSTM else h)
        name = f"{kind.__name__} {'both' if bidirectional else 'forward'}"
        write(name, y)
        write(f"{name} h", state[0] if kind is nn.LSTM else state)
        if kind is nn.LSTM:
            write(f"{name} c", state[1])
        (y * spread(y.shape, 0.9)).sum().backward()
        write(f"{name} dx", x.grad)
        write(f"{name} dw", layer.weight_hh_l0.grad)
print("};\n\n}  // namespace golden")
