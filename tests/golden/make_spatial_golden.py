"""Writes spatial_golden.h: what PyTorch computes for the cases of spatial_test.cpp in
tests/autograd and tests/nn. All in f64.

python3 tests/golden/make_spatial_golden.py > tests/golden/spatial_golden.h
"""

import torch
from torch import nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def spread(shape, phase):
    """Fixed values of both signs, the same in any version."""
    count = torch.Size(shape).numel()
    return (
        (torch.sin(torch.arange(count) * 1.7 + phase).reshape(shape) * 1.5)
        .mul(1000)
        .round()
        .div(1000)
    )


def write(name, y):
    shape = ", ".join(str(n) for n in y.shape)
    values = ", ".join(format(float(v), ".14g") for v in y.detach().reshape(-1))
    print(f'    {{"{name}", {{{shape}}}, {{{values}}}}},')


image, signal = spread((1, 2, 5, 6), 0.2), spread((2, 2, 7), 0.7)
ties = torch.tensor(
    [[1.0, 1, 2, 2, 0, 3], [1, 1, 2, 5, 5, 3], [0, 4, 4, 1, 1, 1], [7, 7, 7, 7, 2, 2]]
).reshape(1, 1, 4, 6)
columns = spread((1, 12, 4), 0.4)

print("#pragma once")
print(
    f"// Made by make_spatial_golden.py with PyTorch {torch.__version__.split('+')[0]}; "
    "do not edit."
)
print("#include <cstdint>\n#include <string>\n#include <vector>\n\nnamespace golden {\n")
print(
    "struct Case {\n    std::string name;\n    std::vector<std::int64_t> shape;\n"
    "    std::vector<double> values;\n};"
)
print("inline const std::vector<Case> spatial{")
for name, x in {"image": image, "signal": signal, "ties": ties, "columns": columns}.items():
    write(name, x)

# --- pooling -------------------------------------------------------------------------------------
write("max_pool2d", F.max_pool2d(image, 2))
write("max_pool2d overlap", F.max_pool2d(image, 3, stride=(2, 1), padding=1))
write(
    "max_pool2d dilation ceil",
    F.max_pool2d(image, 2, stride=(2, 3), dilation=(3, 2), ceil_mode=True),
)
write(
    "max_pool2d ceil padding",
    F.max_pool2d(image, (2, 3), stride=(2, 4), padding=(1, 1), ceil_mode=True),
)
write("max_pool2d indices", F.max_pool2d(image, 3, stride=2, padding=1, return_indices=True)[1])
write("max_pool1d", F.max_pool1d(signal, 3, stride=2, padding=1))
leaf = ties.clone().requires_grad_()
pooled, indices = F.max_pool2d(leaf, 2, stride=1, return_indices=True)
(pooled * spread(pooled.shape, 0.9)).sum().backward()
write("ties indices", indices)
write("ties gradient", leaf.grad)
write("avg_pool2d", F.avg_pool2d(image, (2, 3)))
write("avg_pool2d padding", F.avg_pool2d(image, 3, stride=(2, 1), padding=1))
write("avg_pool2d ceil", F.avg_pool2d(image, (2, 4), stride=(2, 3), padding=(1, 2), ceil_mode=True))
write(
    "avg_pool2d without",
    F.avg_pool2d(image, (3, 2), stride=2, padding=1, ceil_mode=True, count_include_pad=False),
)
write("avg_pool1d", F.avg_pool1d(signal, 3, stride=2, padding=1))
write("adaptive_avg_pool2d", F.adaptive_avg_pool2d(image, (3, 4)))
write("adaptive_avg_pool2d pixel", F.adaptive_avg_pool2d(image, 1))
write("adaptive_avg_pool1d", F.adaptive_avg_pool1d(signal, 10))
write("adaptive_max_pool2d", F.adaptive_max_pool2d(image, (3, 4)))
write("adaptive_max_pool1d", F.adaptive_max_pool1d(signal, 3))

# --- resizing ------------------------------------------------------------------------------------
write("nearest", F.interpolate(image, size=(7, 4)))
write("nearest scale", F.interpolate(image, scale_factor=(1.5, 0.7)))
write("nearest_exact", F.interpolate(image, size=(7, 4), mode="nearest-exact"))
write("nearest 1d", F.interpolate(signal, scale_factor=2.3))
write("bilinear", F.interpolate(image, size=(8, 4), mode="bilinear"))
write("bilinear scale", F.interpolate(image, scale_factor=(1.7, 0.6), mode="bilinear"))
write("bilinear corners", F.interpolate(image, size=(8, 4), mode="bilinear", align_corners=True))
write("bilinear corners 1", F.interpolate(image, size=(1, 3), mode="bilinear", align_corners=True))
write("linear", F.interpolate(signal, size=9, mode="linear"))
write("linear corners", F.interpolate(signal, size=4, mode="linear", align_corners=True))
write("bicubic", F.interpolate(image, size=(8, 4), mode="bicubic"))
write("bicubic corners", F.interpolate(image, size=(7, 9), mode="bicubic", align_corners=True))
write("bilinear antialias", F.interpolate(image, size=(2, 4), mode="bilinear", antialias=True))
write("bicubic antialias", F.interpolate(image, size=(3, 8), mode="bicubic", antialias=True))
write("trilinear", F.interpolate(image.reshape(1, 1, 2, 5, 6), size=(3, 4, 4), mode="trilinear"))

# --- windows and places --------------------------------------------------------------------------
write("unfold", F.unfold(image, (2, 3)))
write("unfold options", F.unfold(image, (2, 2), dilation=(1, 2), padding=(1, 0), stride=(2, 3)))
write("fold", F.fold(columns, (3, 4), (2, 3)))
write(
    "fold options", F.fold(columns, (4, 5), (2, 2), dilation=(2, 1), padding=(1, 0), stride=(2, 3))
)
write("pad reflect", F.pad(image, (2, 1, 0, 3), mode="reflect"))
write("pad replicate", F.pad(image, (2, 7, 0, 3), mode="replicate"))
write("pad circular", F.pad(image, (2, 6, 5, 0), mode="circular"))
write("pixel_shuffle", F.pixel_shuffle(spread((1, 8, 2, 3), 0.1), 2))
write("pixel_unshuffle", F.pixel_unshuffle(spread((1, 2, 4, 6), 0.1), 2))
write("flip", torch.flip(image, (1, 3)))
write("roll", torch.roll(image, (1, -8), (2, 3)))
write("tril", torch.tril(image, -1))
write("triu", torch.triu(image, 2))
print("};\n")

# --- layers, for tests/nn ------------------------------------------------------------------------
print("inline const std::vector<Case> spatial_layers{")


def layer(name, module, x):
    with torch.no_grad():
        for phase, p in enumerate(module.parameters()):
            p.copy_(spread(p.shape, phase))
    write(name, module(x))


for mode in ("zeros", "reflect", "replicate", "circular"):
    layer(f"Conv2d {mode}", nn.Conv2d(2, 3, 3, stride=2, padding=2, padding_mode=mode), image)
    layer(
        f"Conv1d {mode}",
        nn.Conv1d(2, 4, 3, padding=2, dilation=2, groups=2, padding_mode=mode),
        signal,
    )
layer("ConvTranspose1d", nn.ConvTranspose1d(2, 3, 3, stride=2, padding=1, output_padding=1), signal)
layer("MaxPool2d", nn.MaxPool2d(3, stride=2, padding=1), image)
layer("AvgPool2d", nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False), image)
layer("AdaptiveAvgPool2d", nn.AdaptiveAvgPool2d(2), image)
layer("Upsample", nn.Upsample(scale_factor=2, mode="bilinear"), image)
layer("PixelShuffle", nn.PixelShuffle(2), spread((1, 8, 2, 3), 0.1))
print("};\n\n}  // namespace golden")
