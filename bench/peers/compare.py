#!/usr/bin/env python3
"""Every workload here and in PyTorch, in turn on the same machine: median ms of a step, the ratio
PyTorch / ours (above 1: ours is faster), and by how many MB each process grew at most.

  compare.py PATH_OF_eps_bench [NAME ...]
"""

import json
import os
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
NAMES = [
    "vae",
    "gan_2d",
    "gan_mlp",
    "gan_dc",
    "ddpm_28",
    "ddpm_28_sample",
    "planar_2d",
    "vae_nf",
    "realnvp_2d",
]


def run(command, threads):
    done = subprocess.run(
        command,
        env={**os.environ, "OMP_NUM_THREADS": str(threads)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        sys.exit(f"{command[0]} failed:\n{done.stderr}")
    return json.loads(done.stdout)


def ours(bench, name, threads):
    cases = run(
        [
            bench,
            f"--benchmark_filter=BM_workload/{name}/threads:{threads}/",
            "--benchmark_format=json",
            "--benchmark_repetitions=3",
        ],
        threads,
    )
    median = next(
        case["real_time"] for case in cases["benchmarks"] if case.get("aggregate_name") == "median"
    )
    return median, max(
        case["peak_MB"] for case in cases["benchmarks"] if "aggregate_name" not in case
    )


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    try:
        import torch
    except ImportError:
        sys.exit("bench --peers: PyTorch is not there; hint: pip install torch")
    bench, names = sys.argv[1], sys.argv[2:] or NAMES
    if unknown := [name for name in names if name not in NAMES]:
        sys.exit(
            f"bench --peers: unknown workload '{unknown[0]}'; expected some of: {', '.join(NAMES)}"
        )
    print(
        f"PyTorch {torch.__version__}; ms of a step, peak MB\n"
        f"{'workload':16}{'threads':>8}{'ours':>10}{'PyTorch':>10}{'ratio':>8}"
        f"{'ours':>10}{'PyTorch':>10}"
    )
    for name in names:
        for threads in (1, 2):
            ms, mb = ours(bench, name, threads)
            theirs = run(
                [sys.executable, str(HERE / "workloads.py"), "--threads", str(threads), name],
                threads,
            )[name]
            print(
                f"{name:16}{threads:8}{ms:10.2f}{theirs['ms']:10.2f}{theirs['ms'] / ms:8.2f}"
                f"{mb:10.0f}{theirs['peak_mb']:10.0f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
