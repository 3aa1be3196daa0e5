"""Writes ddpm_golden.h: what PyTorch's U-Net (bench/peers/workload_ddpm.py) computes with the
parameters that tests/models/ddpm_network_test.cpp gives its own. All in f64.

    python3 tests/golden/make_ddpm_golden.py > tests/golden/ddpm_golden.h
"""

import pathlib
import sys

import torch

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "bench/peers"))
from golden import numbers  # noqa: E402
from workload_ddpm import UNet  # noqa: E402

BLOCKS, LEVELS = 1, 2


def layer(name, module):
    return [(f"{name}.{which}", value) for which, value in module.named_parameters()]


def stage(name, parts):
    """A residual block, and the attention behind it where there is one, under the names they have
    here."""
    names = {
        "n1": "norm1",
        "c1": "conv1",
        "t": "time",
        "n2": "norm2",
        "c2": "conv2",
        "skip": "skip",
    }
    found = [
        p for part, ours in names.items() for p in layer(f"{name}.{ours}", getattr(parts[0], part))
    ]
    if len(parts) > 1:
        names = {"n": "norm", "qkv": "qkv", "out": "out"}
        found += [
            p
            for part, ours in names.items()
            for p in layer(f"{name}_attention.{ours}", getattr(parts[1], part))
        ]
    return found


def named(net):
    found = (
        layer("time1", net.time[0])
        + layer("time2", net.time[2])
        + layer("first", net.first)
        + layer("last_norm", net.norm)
        + layer("last", net.last)
    )
    for level in range(LEVELS):
        for i in range(BLOCKS):
            found += stage(f"down{level}_{i}", net.down[level * BLOCKS + i])
        for i in range(BLOCKS + 1):
            found += stage(f"up{level}_{i}", net.up[(LEVELS - 1 - level) * (BLOCKS + 1) + i])
    for level in range(LEVELS - 1):
        found += layer(f"down{level}_resample.conv", net.shrink[level]) + layer(
            f"up{LEVELS - 1 - level}_resample.conv", net.grow[level]
        )
    return found + stage("middle1", net.middle[:2]) + stage("middle2", net.middle[2:])


net = UNet(base=8, multipliers=(1, 2), blocks=BLOCKS, size=8, attend=4)
parameters = dict(named(net))
assert len(parameters) == len(list(net.parameters()))
with torch.no_grad():  # the k-th by name: sin(1.7 i + k), scaled to keep activations near 1
    for k, (_, p) in enumerate(sorted(parameters.items())):
        p.copy_(
            (
                torch.sin(torch.arange(p.numel()) * 1.7 + k)
                * (p[0].numel() if p.dim() > 1 else 1) ** -0.5
            ).reshape(p.shape)
        )

x = torch.sin(torch.arange(128) * 0.9).reshape(2, 1, 8, 8).requires_grad_()
y = net(x, torch.tensor([3, 50]))
(gradient,) = torch.autograd.grad(
    (y * torch.cos(torch.arange(128) * 0.3).reshape(y.shape)).sum(), x
)
print("#pragma once")
print(
    f"// Made by make_ddpm_golden.py with PyTorch {torch.__version__.split('+')[0]}; "
    "do not edit."
)
print("#include <vector>\n")
print("namespace golden {\n")
print(f"inline const std::vector<double> unet_output{{{numbers(y)}}};")
print(f"inline const std::vector<double> unet_gradient{{{numbers(gradient)}}};")
print("\n}  // namespace golden")
