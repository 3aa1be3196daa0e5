#!/usr/bin/env python3
"""The workloads of bench/workload_*.cpp in PyTorch, with its fastest usual settings: median ms of
a step, as JSON.

  workloads.py [--threads N] [NAME ...]
  workloads.py --device cuda [--mode eager|compile|graph] [--precision f32|tf32|bf16|f16] [NAME ...]

Prints a line of JSON for each name.
"""

import argparse
import functools
import json
import statistics
import time

from common import T, options
from workload_ddpm import ddpm_28, ddpm_28_sample, ddpm_cifar
from workload_flow import planar_2d, realnvp_2d, vae_nf
from workload_gan import gan_2d, gan_dc, gan_mlp
from workload_vae import vae

# Workloads with images take an order of memory. ddpm_cifar is for a GPU only.
IMAGES = {
    "gan_dc": gan_dc,
    "ddpm_28": ddpm_28,
    "ddpm_28_sample": ddpm_28_sample,
    "ddpm_cifar": ddpm_cifar,
}
OTHERS = {
    "vae": vae,
    "gan_2d": gan_2d,
    "gan_mlp": gan_mlp,
    "planar_2d": planar_2d,
    "vae_nf": vae_nf,
    "realnvp_2d": realnvp_2d,
}


def resident_mb(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1000 for line in status if line.startswith(field + ":"))


def measure(make, seconds=1.5):
    """Median ms of a step, and the growth of the process in MB since before `make`, at most."""
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    before, step = resident_mb("VmRSS"), make()
    for _ in range(3):
        step()
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return {"ms": 1e3 * statistics.median(times), "peak_mb": resident_mb("VmHWM") - before}


def captured(step):
    """The step as a CUDA graph."""
    side = T.cuda.Stream()
    side.wait_stream(T.cuda.current_stream())
    with T.cuda.stream(side):
        for _ in range(3):
            step()
    T.cuda.current_stream().wait_stream(side)
    graph = T.cuda.CUDAGraph()
    with T.cuda.graph(graph):
        step()
    return graph.replay


def measure_on_gpu(make, seconds=0.3):
    """The same on a GPU, up to ten steps at a time: the host runs ahead of the device, as it does
    in training."""
    step = make()
    for _ in range(3):
        step()
    if options.mode == "graph":
        step = captured(step)
    T.cuda.synchronize()
    T.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    step()
    T.cuda.synchronize()
    batch = max(1, min(10, int(seconds / 3 / (time.perf_counter() - start))))
    times, end = [], time.perf_counter() + seconds
    while time.perf_counter() < end or len(times) < 3:
        start = time.perf_counter()
        for _ in range(batch):
            step()
        T.cuda.synchronize()
        times.append((time.perf_counter() - start) / batch)
    return {"ms": 1e3 * statistics.median(times), "peak_mb": T.cuda.max_memory_allocated() / 1e6}


def run_on_gpu(names):
    T.set_default_device("cuda")
    T.backends.cuda.matmul.allow_tf32 = T.backends.cudnn.allow_tf32 = options.precision != "f32"
    T.backends.cudnn.benchmark = True
    for name in names:
        line = {"name": name, "mode": options.mode, "precision": options.precision}
        try:
            best = min((measure_on_gpu(make) for make in variants(name)), key=lambda one: one["ms"])
            print(json.dumps({**line, **best}), flush=True)
        except Exception as error:  # the other workloads still count
            print(json.dumps({**line, "error": str(error)[:300]}), flush=True)
        T.cuda.empty_cache()


def variants(name):
    """A workload with images in both orders of memory; in one where trying both takes too long."""
    if name not in IMAGES:
        return [OTHERS[name]]
    orders = [T.contiguous_format, T.channels_last]
    if options.mode == "compile" or name == "ddpm_cifar":
        orders = [T.channels_last]
    return [functools.partial(IMAGES[name], memory) for memory in orders]


def run_on_cpu(names):
    result = {"torch": T.__version__, "threads": options.threads}
    for name in names:
        if name in IMAGES:  # the faster of two orders of memory
            both = [
                measure(lambda: IMAGES[name](memory))
                for memory in (T.contiguous_format, T.channels_last)
            ]
            # The second run reuses the memory of the first, so only the first one's peak counts.
            result[name] = {"ms": min(one["ms"] for one in both), "peak_mb": both[0]["peak_mb"]}
        else:
            result[name] = measure(OTHERS[name])
    print(json.dumps(result))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--mode", choices=["eager", "compile", "graph"], default="eager")
    parser.add_argument("--precision", choices=["f32", "tf32", "bf16", "f16"], default="f32")
    parser.parse_args(namespace=options)
    T.manual_seed(1)
    if options.device == "cuda":
        run_on_gpu(options.names or [*OTHERS, *IMAGES])
    else:
        T.set_num_threads(options.threads)
        run_on_cpu(options.names or [*OTHERS, *(name for name in IMAGES if name != "ddpm_cifar")])
