#!/usr/bin/env python3
"""The DDPM of `eps train ddpm --data fashion-mnist` in PyTorch: the same net, data, steps and
optimiser.

  ddpm.py --steps N [--threads N] [--seed N]

Trains on Fashion-MNIST and prints the loss as metrics.jsonl does: means over --log-every steps.
"""

import argparse
import json
import time

import torch
from torch.nn import functional as F

from vae import images
from common import adam
from workload_ddpm import UNet


def train(options):
    torch.manual_seed(options.seed)
    data = images("train").view(-1, 1, 28, 28) * 2 - 1
    net = UNet(options.width, tuple(options.levels), options.blocks, attend=options.attention)
    parameters = list(net.parameters())
    optimiser, average = adam(parameters, options.lr), [p.detach().clone() for p in parameters]
    alpha_bar = torch.cumprod(1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64), 0).float()
    per_epoch, start, total = len(data) // options.batch, time.time(), 0.0
    for i in range(options.steps):
        if i % per_epoch == 0:
            order = torch.randperm(len(data))
        x0 = data[order[(at := i % per_epoch * options.batch) : at + options.batch]]
        t, noise = torch.randint(0, 1000, (options.batch,)), torch.randn_like(x0)
        a = alpha_bar[t][:, None, None, None]
        loss = F.mse_loss(net(a.sqrt() * x0 + (1 - a).sqrt() * noise, t + 1), noise)
        optimiser.param_groups[0]["lr"] = options.lr * (1 - i / options.steps)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        decay = min(options.ema, (1 + i) / (10 + i))
        with torch.no_grad():
            torch._foreach_lerp_(average, parameters, 1 - decay)
        total += loss.item()
        if (i + 1) % options.log_every == 0:
            print(
                json.dumps(
                    {
                        "step": i + 1,
                        "seconds": round(time.time() - start, 3),
                        "loss": total / options.log_every,
                    }
                ),
                flush=True,
            )
            total = 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    for name, fallback in {
        "steps": 2000,
        "seed": 0,
        "threads": 0,
        "batch": 32,
        "width": 32,
        "blocks": 2,
        "attention": 14,
        "log-every": 100,
    }.items():
        parser.add_argument(f"--{name}", type=int, default=fallback)
    parser.add_argument(
        "--levels", type=lambda text: [int(m) for m in text.split(",")], default=[1, 2, 2]
    )
    parser.add_argument("--lr", type=float, default=5e-4)
    parser.add_argument("--ema", type=float, default=0.999)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    train(options)
