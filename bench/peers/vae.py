#!/usr/bin/env python3
"""The VAE of `eps train vae` in PyTorch: the same net, data, steps and optimiser.

  vae.py --steps N [--threads N]

Trains on Fashion-MNIST with dynamic binarisation and prints the bound on test data.
"""

import argparse
import gzip
import json
import time

import torch
from torch import nn
from torch.nn import functional as F

DATA = "/usr/share/datasets/fashion-mnist"


def images(name):
    with gzip.open(f"{DATA}/{name}-images-idx3-ubyte.gz") as f:
        raw = f.read()
    return torch.frombuffer(bytearray(raw[16:]), dtype=torch.uint8).view(-1, 784).float() / 255


def trunk(a, b):
    return nn.Sequential(nn.Linear(a, b), nn.ReLU(), nn.Linear(b, b), nn.ReLU())


class VAE(nn.Module):
    def __init__(self, hidden=400, latent=20):
        super().__init__()
        self.encoder, self.decoder = trunk(784, hidden), trunk(latent, hidden)
        self.mu, self.log_var = nn.Linear(hidden, latent), nn.Linear(hidden, latent)
        self.pixels = nn.Linear(hidden, 784)

    def elbo(self, x):
        h = self.encoder(x)
        mu, log_var = self.mu(h), self.log_var(h)
        z = mu + (0.5 * log_var).exp() * torch.randn_like(mu)
        log_likelihood = -F.binary_cross_entropy_with_logits(
            self.pixels(self.decoder(z)), x, reduction="none"
        ).sum(-1)
        kl = 0.5 * (mu**2 + log_var.exp() - 1 - log_var).sum(-1)
        return log_likelihood - kl


def step(model, optimiser, x):
    loss = -model.elbo(x).mean()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss


def train(steps, seed, batch=100):
    torch.manual_seed(seed)
    data, test = images("train"), images("t10k")
    model = VAE()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    start, order = time.time(), None
    for i in range(steps):
        at = i * batch % len(data)
        if at == 0:
            order = torch.randperm(len(data))
        step(model, optimiser, torch.bernoulli(data[order[at : at + batch]]))
    seconds = time.time() - start
    with torch.no_grad():
        bound = torch.cat(
            [model.elbo(torch.bernoulli(test[i : i + 100])) for i in range(0, len(test), 100)]
        ).double()
    print(
        json.dumps(
            {
                "elbo": bound.mean().item(),
                "elbo_se": bound.std().item() / len(bound) ** 0.5,
                "steps": steps,
                "seconds": seconds,
                "torch": torch.__version__,
            }
        )
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    if options.threads:
        torch.set_num_threads(options.threads)
    train(options.steps, options.seed)
