"""Writes tests/golden/pytorch/: what PyTorch computes for every op that it has, too, with first
and second derivatives, in f64. tests/autograd/pytorch_*.cpp replays it. The cases stand in
tests/golden/oracle/, a file for each subject.

python3 tests/golden/make_pytorch_oracle.py
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE / "oracle"))

import cases  # noqa: E402
import images  # noqa: E402
import indexing  # noqa: E402
import linalg  # noqa: E402
import networks  # noqa: E402
import pointwise  # noqa: E402
import shapes  # noqa: E402


def write(subject, entries):
    """One file: the tensors by the number of their case, and the cases as JSON in the metadata."""
    tensors = {}
    for number, entry in enumerate(entries):
        for name, x in entry.pop("tensors").items():
            tensors[f"{number}.{name}"] = x
    made_with = "PyTorch " + torch.__version__.split("+")[0]
    text = json.dumps({"made_with": made_with, "cases": entries}, allow_nan=False)
    folder = HERE / "pytorch"
    folder.mkdir(exist_ok=True)
    save_file(tensors, folder / f"{subject}.safetensors", {"oracle": text})


for module in (pointwise, shapes, indexing, linalg, images, networks):
    cases.CASES.clear()
    module.add_cases()
    write(module.__name__, cases.CASES)
    print(f"{module.__name__}: {len(cases.CASES)} cases")
