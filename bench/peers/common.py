"""What the workloads share: the options of a measurement, the optimiser, and small networks."""

import argparse
import contextlib
import functools

import torch
from torch import nn

T = torch
options = argparse.Namespace(device="cpu", mode="eager", precision="f32")
HALVES = {"bf16": T.bfloat16, "f16": T.float16}


def adam(parameters, lr=1e-3, betas=(0.9, 0.999)):
    """Adam with its gradient scaler, which does nothing unless the precision is f16."""
    if options.device == "cpu":
        optimiser = T.optim.Adam(parameters, lr=lr, betas=betas, foreach=True)
    else:
        optimiser = T.optim.Adam(
            parameters, lr=lr, betas=betas, fused=True, capturable=options.mode == "graph"
        )
    optimiser.scaler = T.amp.GradScaler(options.device, enabled=options.precision == "f16")
    return optimiser


def ready(f):
    """f, which computes a loss or a sample, with the chosen mode and precision applied."""

    @functools.wraps(f)
    def rounded(*arguments):
        half = HALVES.get(options.precision)
        with (
            T.autocast(options.device, half, cache_enabled=False)
            if half
            else contextlib.nullcontext()
        ):
            return f(*arguments)

    return T.compile(rounded) if options.mode == "compile" else rounded


# torch.compile ignores the default device, so random numbers name theirs.
def normal(*shape):
    return T.randn(*shape, device=options.device)


def zeros(*shape):
    return T.zeros(*shape, device=options.device)


def mlp(*widths, last=None):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1], *([last] if last else []))


def update(optimiser, loss):
    optimiser.zero_grad(set_to_none=True)
    optimiser.scaler.scale(loss).backward()
    optimiser.scaler.step(optimiser)
    optimiser.scaler.update()
