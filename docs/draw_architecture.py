#!/usr/bin/env python3
"""Writes docs/architecture.svg from the sources: the top folders and their subfolders, an arrow
for every pair of folders of which one includes the other, and the path of one call through the
classes.

  python3 docs/draw_architecture.py           writes the picture
  python3 docs/draw_architecture.py --check   exits with 1 if the picture is not up to date
"""

import html
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs/architecture.svg"

# From top to bottom: (folder, left edge, what it is).
FLOORS = [
    [("cli", 275, "the program eps")],
    [("experiments", 275, "training runs, data, metrics, pictures")],
    [("models", 275, "the papers: networks, objectives, samplers")],
    [("nn", 275, "modules, losses, optimisers")],
    [("autograd", 275, "the graph, the engine, every differentiable op")],
    [("tensor", 275, "what a tensor is; formulas; the list of kernels")],
    [
        ("cpu", 95, "kernels on OpenBLAS and own loops"),
        ("cuda", 455, "kernels on CUDA and cuBLAS"),
    ],
]

# The path of y = silu(x). The script checks that each file declares what the picture says.
STATIONS = [
    ("Tensor", "tensor/tensor.h", r"^class Tensor\b", ["storage, shape, strides", "its node"]),
    (
        "Node",
        "autograd/node.h",
        r"^class Node\b",
        ["edges to the nodes of x", "what backward reads"],
    ),
    (
        "Op",
        "tensor/formulas/activations.h",
        r"^struct Silu\b",
        ["struct Silu: one formula", "its derivatives"],
    ),
    (
        "Kernel",
        "tensor/contract/kernels.h",
        r"EPS_KERNEL\(",
        ["one declaration", "found by the device"],
    ),
]
LINKS = ["was computed by", "runs", "calls"]

WIDTH, LEFT, TOP = 940, 30, 64
BOX_WIDTH, BOX_HEIGHT, GAP = 340, 74, 30
INK, SOFT, PAPER, LINE = "#1d2733", "#5b6b7c", "#ffffff", "#9fb0c0"
FILLS = {
    "cli": "#f3e8d3",
    "experiments": "#f6dfc9",
    "models": "#f2d3cf",
    "nn": "#e3d5ec",
    "autograd": "#d3dcf2",
    "tensor": "#cfe6ea",
    "cpu": "#d6ecd9",
    "cuda": "#d6ecd9",
}


def folders_drawn():
    return [folder for floor in FLOORS for folder, _, _ in floor]


def sources(folder):
    for kind in ("*.h", "*.cpp", "*.cu", "*.cuh"):
        yield from (ROOT / folder).rglob(kind)


def arrows():
    """The pairs (folder, included folder)."""
    found = set()
    for folder in folders_drawn():
        for file in sources(folder):
            for target in re.findall(r'^#include "([a-z]+)/', file.read_text(), re.MULTILINE):
                if target != folder and target in folders_drawn():
                    found.add((folder, target))
    return sorted(found)


def subfolders(folder):
    """Those with sources; one with many folders of its own stands before these: "ops: a b"."""
    names = []
    for path in sorted(path for path in (ROOT / folder).iterdir() if path.is_dir()):
        if any(sources(f"{folder}/{path.name}")):
            inner = subfolders(f"{folder}/{path.name}")
            names.append(f"{path.name}: {'  '.join(inner)}" if len(inner) > 3 else path.name)
    return names


def text(x, y, words, size=13, color=INK, weight="normal", anchor="middle"):
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" fill="{color}" font-weight="{weight}" '
        f'text-anchor="{anchor}">{html.escape(words)}</text>'
    )


def box(x, y, width, height, fill):
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="8" fill="{fill}" '
        f'stroke="{LINE}"/>'
    )


def arrow(path, color=SOFT):
    return (
        f'<path d="{path}" fill="none" stroke="{color}" stroke-width="1.4" marker-end="url(#tip)"/>'
    )


def place(folder):
    """Left and top of a folder's box."""
    for floor, row in enumerate(FLOORS):
        for name, left, _ in row:
            if name == folder:
                return left, TOP + floor * (BOX_HEIGHT + GAP)
    raise KeyError(folder)


def draw_folder(folder, caption):
    x, y = place(folder)
    middle = x + BOX_WIDTH / 2
    lines = [box(x, y, BOX_WIDTH, BOX_HEIGHT, FILLS[folder])]
    lines.append(text(middle, y + 22, f"{folder}/", 15, weight="bold"))
    lines.append(text(middle, y + 41, caption, 12))
    inner = subfolders(folder)
    if inner:
        lines.append(text(middle, y + 60, "  ".join(inner), 10.5, SOFT))
    return lines


def distance(folder, target):
    """How many floors the arrow goes down; -1 goes up by one."""
    return (place(target)[1] - place(folder)[1]) // (BOX_HEIGHT + GAP)


def draw_arrow(folder, target, lane):
    """Straight between neighbouring floors, else around the right side in a lane of its own."""
    (x, y), (u, v) = place(folder), place(target)
    if abs(distance(folder, target)) == 1:
        middle = max(x, u) + (BOX_WIDTH - abs(x - u)) / 2
        return arrow(
            f"M {middle} {y + BOX_HEIGHT} V {v}" if y < v else f"M {middle} {y} V {v + BOX_HEIGHT}"
        )
    right = x + BOX_WIDTH
    start, end, bend = y + 18 + 5 * (lane % 9), v + 14 + 6 * (lane % 9), right + 24 + 17 * lane
    return arrow(
        f"M {right} {start} H {bend - 12} Q {bend} {start} {bend} {start + 12} "
        f"V {end - 12} Q {bend} {end} {bend - 12} {end} H {u + BOX_WIDTH}",
        LINE,
    )


def draw_arrows():
    """Longer arrows take outer lanes."""
    lines, lane = [], 0
    for folder, target in sorted(arrows(), key=lambda pair: distance(*pair)):
        lines.append(draw_arrow(folder, target, lane))
        lane += abs(distance(folder, target)) != 1
    return lines


def draw_path(top):
    width, height, gap = 190, 84, 38
    lines = [
        text(
            LEFT,
            top,
            "One call, y = silu(x), and what it leaves behind",
            15,
            weight="bold",
            anchor="start",
        )
    ]
    y = top + 22
    for i, (name, path, declaration, facts) in enumerate(STATIONS):
        if not re.search(declaration, (ROOT / path).read_text(), re.MULTILINE):
            sys.exit(f"{path} does not declare {name}: mend the picture")
        x = LEFT + i * (width + gap)
        lines.append(box(x, y, width, height, "#eef2f6"))
        lines.append(text(x + width / 2, y + 20, name, 14, weight="bold"))
        for j, fact in enumerate(facts):
            lines.append(text(x + width / 2, y + 38 + 15 * j, fact, 11.5))
        lines.append(text(x + width / 2, y + 74, path, 10, SOFT))
        if i:
            lines.append(arrow(f"M {x - gap} {y + 34} H {x}"))
            lines.append(text(x - gap / 2, y - 6, LINKS[i - 1], 10.5, SOFT))
    end = LEFT + len(STATIONS) * (width + gap) - gap
    lines.append(
        text(
            end, y + height + 20, "bodies: cpu/pointwise and cuda/pointwise", 11, SOFT, anchor="end"
        )
    )
    return lines


def picture():
    path_top = TOP + len(FLOORS) * (BOX_HEIGHT + GAP) + 22
    height = path_top + 132
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" '
        f'height="{height}" font-family="Helvetica, Arial, sans-serif">',
        "<!-- Written by docs/draw_architecture.py from the includes; do not edit. -->",
        f'<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
        f'markerHeight="8" orient="auto"><path d="M 0 1 L 8 4 L 0 7 z" fill="{SOFT}"/>'
        "</marker></defs>",
        f'<rect width="{WIDTH}" height="{height}" fill="{PAPER}"/>',
        text(LEFT, 32, "The folders, and which includes which", 15, weight="bold", anchor="start"),
    ]
    lines += draw_arrows()
    for floor in FLOORS:
        for folder, _, caption in floor:
            lines += draw_folder(folder, caption)
    lines += draw_path(path_top)
    return "\n".join(lines + ["</svg>"]) + "\n"


if __name__ == "__main__":
    drawn = picture()
    if "--check" in sys.argv[1:]:
        if not PICTURE.exists() or PICTURE.read_text() != drawn:
            sys.exit("docs/architecture.svg is not what the sources say; hint: ./run docs")
    else:
        PICTURE.write_text(drawn)
