"""What the scripts here share: f64, one thread, fixed inputs, and arrays written in C++."""

import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def numbers(x):
    return ", ".join(repr(float(v)) for v in x.detach().reshape(-1))


def array(name, x, note=""):
    print(
        f"inline const std::vector<double> {name}{{{numbers(x)}}};{'  // ' + note if note else ''}"
    )


def spread(shape, phase):
    """Fixed values of both signs, the same in any version."""
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(count) * 1.7 + phase).reshape(shape) * 1.5


def preamble(script, *headers):
    """The first lines of a golden header."""
    version = torch.__version__.split("+")[0]
    print(f"#pragma once\n// Made by {script} with PyTorch {version}; do not edit.")
    for header in headers:
        print(f"#include <{header}>")
    print("\nnamespace golden {\n")
