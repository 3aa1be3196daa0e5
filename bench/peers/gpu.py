#!/usr/bin/env python3
"""This project and PyTorch on one GPU, in the same run: tables in Markdown.

  gpu.py PATH_OF_eps_bench [--seconds N] [--out FOLDER]

Kernels: the share of the measured copy bandwidth, or of cuBLAS's rate, that each group of kernels
reaches: median and least. Convolutions: the time of each algorithm. Workloads: median ms of a
step, here and in PyTorch: eager, compiled, and as a CUDA graph. The report names what did not fit
into the given seconds.
"""

import argparse
import collections
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).parent
NAMES = [
    "vae",
    "gan_2d",
    "gan_mlp",
    "gan_dc",
    "planar_2d",
    "vae_nf",
    "realnvp_2d",
    "ddpm_28",
    "ddpm_28_sample",
    "ddpm_cifar",
]  # the slow ones last
ALGORITHMS = ["columns", "implicit", "cudnn"]  # of convolutions: EPS_CUDA_CONV
PEERS = [
    (mode, precision) for mode in ("graph", "compile", "eager") for precision in ("tf32", "bf16")
] + [("graph", "f32"), ("eager", "f32")]


class Clock:
    def __init__(self, seconds):
        self.end = time.monotonic() + seconds

    def left(self):
        return max(0.0, self.end - time.monotonic())


def lines_of(command, seconds, **variables):
    """stdout line by line, as far as it got in that time."""
    if seconds < 5:
        return [], "no time left"
    try:
        done = subprocess.run(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            timeout=seconds,
            env=os.environ | variables,
        )
        return done.stdout.splitlines(), (
            (done.stderr.strip() or "failed").splitlines()[-1] if done.returncode else ""
        )
    except subprocess.TimeoutExpired as late:
        return (late.stdout or b"").decode().splitlines(), "ran out of time"


def cases_in(text):
    """Of Google Benchmark's JSON, which may end in the middle where time ran out."""
    for complete in (text, text[: text.rfind("    }") + 5] + "]}"):
        try:
            return json.loads(complete)["benchmarks"]
        except (ValueError, KeyError):
            pass
    return []


def ours(bench, pattern, seconds, out, **variables):
    """Cases of eps_bench by name."""
    lines, problem = lines_of(
        [bench, f"--benchmark_filter={pattern}", "--benchmark_format=json"], seconds, **variables
    )
    name = re.sub("[^a-zA-Z_]+", "-", pattern + "".join(variables.values())).strip("-")
    (out / f"eps_bench-{name}.json").write_text("\n".join(lines))
    cases = {case["name"].removesuffix("/real_time"): case for case in cases_in("\n".join(lines))}
    return cases, problem or ("" if cases else "no cases")


def table(head, rows):
    print("| " + " | ".join(head) + " |\n|" + "---|" * len(head))
    for row in rows:
        print("| " + " | ".join(str(cell) for cell in row) + " |")
    print(flush=True)


def kernels(bench, clock, out):
    cases, problem = ours(bench, "^BM_gpu/", min(120, clock.left()), out)
    families = collections.defaultdict(lambda: collections.defaultdict(list))
    for name, case in cases.items():
        parts = name.split("/")
        if "of_peak" in case:
            families[parts[1]]["forward" if parts[3] == "forward" else "backward"].append(
                (case["of_peak"], parts[2])
            )
    copy, product = (
        cases.get(f"BM_gpu/yardstick/{name}/min_time:0.020", {}) for name in ("copy", "product")
    )
    print(
        f"Copy {copy.get('GB/s', 0):.0f} GB/s; product {product.get('TFLOP/s', 0):.1f} TFLOP/s "
        "(f32, 8192 x 8192 by cuBLAS).",
        end="",
    )
    print(f" Kernels: {problem}.\n" if problem else "\n")

    def cell(found):
        return (
            f"{statistics.median(v for v, _ in found):.2f}, {min(found)[0]:.2f} ({min(found)[1]})"
            if found
            else "-"
        )

    table(
        ["family", "cases", "forward: median, least of peak", "backward"],
        [
            [family, sum(map(len, kinds.values())), cell(kinds["forward"]), cell(kinds["backward"])]
            for family, kinds in families.items()
        ],
    )


def convolutions(bench, clock, out):
    """The cases and captured steps that have any, by each algorithm."""
    having, found, problems = "^BM_(gpu/conv|workload/(gan_dc|ddpm_.*)/cuda/captured)", {}, []
    for algorithm in ALGORITHMS:
        seconds = min(40, clock.left() / 8)  # most of the time is the peers'
        found[algorithm], problem = ours(bench, having, seconds, out, EPS_CUDA_CONV=algorithm)
        problems += [f"{algorithm}: {problem}"] if problem else []

    def cell(case):
        return (
            f"{case['real_time']:.3f} {case['time_unit']}"
            if case and not case.get("error_occurred")
            else "-"
        )

    names = dict.fromkeys(name for cases in found.values() for name in cases)
    table(
        ["convolutions", *ALGORITHMS],
        [
            [
                f"`{name.removeprefix('BM_').split('/min_time')[0]}`",
                *(cell(found[algorithm].get(name)) for algorithm in ALGORITHMS),
            ]
            for name in names
        ],
    )
    print("".join(f"- {problem}\n" for problem in problems))


def workloads(bench, clock, out):
    cases, problem = ours(bench, "^BM_workload/.*/cuda", min(150, clock.left()), out)
    theirs, problems = collections.defaultdict(dict), [f"ours: {problem}"] if problem else []
    for mode, precision in PEERS:
        command = [
            sys.executable,
            str(HERE / "workloads.py"),
            "--device",
            "cuda",
            "--mode",
            mode,
            "--precision",
            precision,
            *NAMES,
        ]
        lines, problem = lines_of(command, min(60, clock.left()))
        (out / f"torch-{mode}-{precision}.jsonl").write_text("\n".join(lines))
        if problem:
            problems.append(f"PyTorch {mode} {precision}: {problem}")
        for line in lines:
            try:
                case = json.loads(line)
            except ValueError:  # cut short
                continue
            if "ms" in case:
                theirs[case["name"]][f"{mode} {precision}"] = case["ms"]
            else:
                problems.append(
                    f"PyTorch {mode} {precision} {case['name']}: "
                    f"{case['error'].splitlines()[0][:100]}"
                )
    mine = collections.defaultdict(dict)
    for name, case in cases.items():  # BM_workload/<name>/cuda/<how> <precision>
        parts = name.split("/")
        how = parts[3].replace("_", " ")
        if case.get("error_occurred"):
            problems.append(f"ours {how} {parts[1]}: {case.get('error_message', '')}")
        else:
            mine[parts[1]][how] = case["real_time"]
    rows = []
    for name in NAMES:
        both = [best_of(times[name]) for times in (mine, theirs)]
        all_of = [
            "; ".join(f"{how} {ms:.3f}" for how, ms in times[name].items()) or "-"
            for times in (mine, theirs)
        ]
        rows.append([f"`{name}`", *all_of, f"{both[1] / both[0]:.2f}" if all(both) else "-"])
    table(["step", "ours, ms", "PyTorch, ms", "best of PyTorch / best of ours"], rows)
    for problem in problems:
        print(f"- {problem}")


def best_of(times):
    return min(times.values()) if times else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bench")
    parser.add_argument("--seconds", type=float, default=240)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("."))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    clock = Clock(arguments.seconds)
    kernels(arguments.bench, clock, arguments.out)
    convolutions(arguments.bench, clock, arguments.out)
    workloads(arguments.bench, clock, arguments.out)
