#!/usr/bin/env python3
"""The workloads of bench/workload_*.cpp in PyTorch, with its fastest usual settings: median ms of a step, as JSON.

  workloads.py [--threads N] [--channels-last] [NAME ...]
"""
import argparse
import json
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

T = torch


def adam(parameters, lr=1e-3, betas=(0.9, 0.999)):
    return T.optim.Adam(parameters, lr=lr, betas=betas, foreach=True)


def mlp(*widths, last=None):
    layers = []
    for a, b in zip(widths, widths[1:]):
        layers += [nn.Linear(a, b), nn.ReLU()]
    return nn.Sequential(*layers[:-1], *([last] if last else []))


def update(optimiser, loss):
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()


# --- VAE --------------------------------------------------------------------------------------------------------------------------
def vae():
    encoder, decoder = nn.Sequential(mlp(784, 400, 400), nn.ReLU()), mlp(20, 400, 400, 784)
    mu, log_var = nn.Linear(400, 20), nn.Linear(400, 20)
    optimiser = adam([p for m in (encoder, decoder, mu, log_var) for p in m.parameters()])
    x = T.bernoulli(T.full((100, 784), 0.3))

    def step():
        h = encoder(x)
        m, v = mu(h), log_var(h)
        z = m + (0.5 * v).exp() * T.randn_like(m)
        log_likelihood = -F.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(-1)
        update(optimiser, -(log_likelihood - 0.5 * (m**2 + v.exp() - 1 - v).sum(-1)).mean())

    return step


# --- GAN --------------------------------------------------------------------------------------------------------------------------
def gan(g, d, real, noise):
    adam_g, adam_d = adam(g.parameters(), 2e-4, (0.5, 0.999)), adam(d.parameters(), 2e-4, (0.5, 0.999))
    batch = len(real)

    def step():
        with T.no_grad():
            fake = g(T.randn(batch, noise))
        update(adam_d, F.softplus(-d(real)).mean() + F.softplus(d(fake)).mean())
        d.requires_grad_(False)
        update(adam_g, F.softplus(-d(g(T.randn(batch, noise)))).mean())
        d.requires_grad_(True)

    return step


def gan_2d():
    return gan(mlp(2, 128, 128, 2), mlp(2, 128, 128, 1), T.randn(256, 2), 2)


def gan_mlp():
    return gan(mlp(100, 1200, 1200, 784, last=nn.Sigmoid()), mlp(784, 1200, 1200, 1), T.rand(100, 784), 100)


def gan_dc(memory):
    g = nn.Sequential(nn.Unflatten(1, (64, 1, 1)), nn.ConvTranspose2d(64, 128, 7, 1, 0, bias=False), nn.BatchNorm2d(128), nn.ReLU(),
                      nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.ConvTranspose2d(64, 1, 4, 2, 1), nn.Tanh())
    d = nn.Sequential(nn.Conv2d(1, 64, 4, 2, 1), nn.LeakyReLU(0.2), nn.Conv2d(64, 128, 4, 2, 1, bias=False), nn.BatchNorm2d(128),
                      nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(128 * 49, 1))
    g, d = g.to(memory_format=memory), d.to(memory_format=memory)
    return gan(g, d, (T.rand(64, 1, 28, 28) * 2 - 1).to(memory_format=memory), 64)


# --- DDPM -------------------------------------------------------------------------------------------------------------------------
class Residual(nn.Module):
    def __init__(self, a, b, time):
        super().__init__()
        self.n1, self.c1, self.t = nn.GroupNorm(8, a), nn.Conv2d(a, b, 3, padding=1), nn.Linear(time, b)
        self.n2, self.c2 = nn.GroupNorm(8, b), nn.Conv2d(b, b, 3, padding=1)
        self.skip = nn.Conv2d(a, b, 1) if a != b else nn.Identity()

    def forward(self, x, t):
        h = self.c1(F.silu(self.n1(x))) + self.t(t)[:, :, None, None]
        return self.c2(F.silu(self.n2(h))) + self.skip(x)


class Attention(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.n, self.qkv, self.out = nn.GroupNorm(8, c), nn.Conv2d(c, 3 * c, 1), nn.Conv2d(c, c, 1)

    def forward(self, x, _):
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.n(x)).permute(0, 2, 3, 1).reshape(b, h * w, 3 * c).split(c, 2)
        y = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None])[:, 0]
        return x + self.out(y.reshape(b, h, w, c).permute(0, 3, 1, 2))


class UNet(nn.Module):
    def __init__(self, base=32, multipliers=(1, 2, 2), blocks=2, size=28, attend=14):
        super().__init__()
        time = 4 * base
        self.base = base
        self.time = nn.Sequential(nn.Linear(base, time), nn.SiLU(), nn.Linear(time, time))
        self.first = nn.Conv2d(1, base, 3, padding=1)
        self.down, self.up, self.shrink, self.grow = nn.ModuleList(), nn.ModuleList(), nn.ModuleList(), nn.ModuleList()
        widths, c = [base], base
        for level, m in enumerate(multipliers):
            for _ in range(blocks):
                self.down.append(nn.ModuleList([Residual(c, m * base, time)] + ([Attention(m * base)] if size == attend else [])))
                c = m * base
                widths.append(c)
            if level + 1 < len(multipliers):
                self.shrink.append(nn.Conv2d(c, c, 3, 2, 1))
                widths.append(c)
                size //= 2
        self.middle = nn.ModuleList([Residual(c, c, time), Attention(c), Residual(c, c, time)])
        for level in reversed(range(len(multipliers))):
            m = multipliers[level]
            for _ in range(blocks + 1):
                self.up.append(nn.ModuleList([Residual(c + widths.pop(), m * base, time)] + ([Attention(m * base)] if size == attend else [])))
                c = m * base
            if level:
                self.grow.append(nn.Conv2d(c, c, 3, padding=1))
                size *= 2
        self.norm, self.last, self.blocks = nn.GroupNorm(8, c), nn.Conv2d(c, 1, 3, padding=1), blocks

    def forward(self, x, t):
        n = self.base // 2
        angles = t[:, None].float() * T.exp(T.arange(n) * (-math.log(10000) / (n - 1)))
        time = F.silu(self.time(T.cat([angles.sin(), angles.cos()], 1)))
        across = [self.first(x)]
        for i, stage in enumerate(self.down):
            h = across[-1]
            for part in stage:
                h = part(h, time)
            across.append(h)
            if (i + 1) % self.blocks == 0 and (i + 1) // self.blocks <= len(self.shrink):
                across.append(self.shrink[(i + 1) // self.blocks - 1](h))
        h = across[-1]
        for part in self.middle:
            h = part(h, time)
        for i, stage in enumerate(self.up):
            h = T.cat([h, across.pop()], 1)
            for part in stage:
                h = part(h, time)
            if (i + 1) % (self.blocks + 1) == 0 and (i + 1) // (self.blocks + 1) <= len(self.grow):
                h = self.grow[(i + 1) // (self.blocks + 1) - 1](F.interpolate(h, scale_factor=2, mode="nearest"))
        return self.last(F.silu(self.norm(h)))


def ddpm_28(memory):
    net = UNet().to(memory_format=memory)
    assert sum(p.numel() for p in net.parameters()) == 1623169
    parameters = list(net.parameters())
    optimiser, average = adam(parameters, 2e-4), [p.detach().clone() for p in parameters]
    alpha_bar = T.cumprod(1 - T.linspace(1e-4, 0.02, 1000), 0)
    x0 = (T.rand(32, 1, 28, 28) * 2 - 1).to(memory_format=memory)

    def step():
        t, noise = T.randint(0, 1000, (32,)), T.randn_like(x0)
        a = alpha_bar[t][:, None, None, None]
        update(optimiser, F.mse_loss(net(a.sqrt() * x0 + (1 - a).sqrt() * noise, t), noise))
        with T.no_grad():
            T._foreach_lerp_(average, parameters, 1 - 0.999)

    return step


def ddpm_28_sample(memory):
    net = UNet().to(memory_format=memory)
    x, t = T.randn(16, 1, 28, 28).to(memory_format=memory), T.full((16,), 500)

    @T.no_grad()
    def step():
        return (x - net(x, t) * (0.01 / math.sqrt(0.92))) / math.sqrt(0.99) + 0.1 * T.randn_like(x)

    return step


# --- flows ------------------------------------------------------------------------------------------------------------------------
class Planar(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.w, self.u, self.b = (nn.Parameter(T.empty(s).uniform_(-0.1, 0.1)) for s in ((dim,), (dim,), ()))

    def forward(self, z, log_det):
        wu = (self.w * self.u).sum()
        m = F.softplus(wu) - 1
        u_hat = self.u + (m - wu) / (self.w**2).sum() * self.w
        h = T.tanh(z @ self.w + self.b)
        return z + h[:, None] * u_hat, log_det + T.log(T.abs((1 - h**2) * m + 1))


def planar_2d():
    flows = nn.ModuleList(Planar(2) for _ in range(32))
    optimiser = adam(flows.parameters())

    def energy(z):
        z1, radius = z[:, 0], z.norm(dim=1)
        pair = T.stack([((z1 - 2) / 0.6) ** 2 * -0.5, ((z1 + 2) / 0.6) ** 2 * -0.5], 1)
        return ((radius - 2) / 0.4) ** 2 * 0.5 - T.logsumexp(pair, 1)

    def step():
        z0 = T.randn(512, 2)
        z, log_det = z0, T.zeros(512)
        for flow in flows:
            z, log_det = flow(z, log_det)
        update(optimiser, ((z0**2).sum(1) * -0.5 - math.log(2 * math.pi) - log_det + energy(z)).mean())

    return step


def vae_nf():
    encoder, decoder, flows = mlp(784, 400, 400, 80), mlp(40, 400, 400, 784), nn.ModuleList(Planar(40) for _ in range(20))
    optimiser = adam([p for m in (encoder, decoder, flows) for p in m.parameters()])
    x = T.bernoulli(T.full((100, 784), 0.3))

    def step():
        mu, log_var = encoder(x).split(40, 1)
        noise = T.randn(100, 40)
        z, log_det = mu + (log_var * 0.5).exp() * noise, T.zeros(100)
        for flow in flows:
            z, log_det = flow(z, log_det)
        log_q = (noise**2 + log_var).sum(1) * -0.5 - log_det
        log_likelihood = -F.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(1)
        update(optimiser, (log_q - (z**2).sum(1) * -0.5 - log_likelihood).mean())

    return step


def realnvp_2d():
    nets = nn.ModuleList(mlp(1, 128, 128, 2) for _ in range(8))
    optimiser, x = adam(nets.parameters()), T.randn(512, 2)

    def step():
        a, b, log_det = x[:, :1], x[:, 1:], T.zeros(512, 1)
        for net in nets:
            s, t = net(a).split(1, 1)
            s = T.tanh(s)
            a, b, log_det = b * s.exp() + t, a, log_det + s
        update(optimiser, -((a**2 + b**2) * -0.5 - math.log(2 * math.pi) + log_det).mean())

    return step


IMAGES = {"gan_dc": gan_dc, "ddpm_28": ddpm_28, "ddpm_28_sample": ddpm_28_sample}
OTHERS = {"vae": vae, "gan_2d": gan_2d, "gan_mlp": gan_mlp, "planar_2d": planar_2d, "vae_nf": vae_nf, "realnvp_2d": realnvp_2d}


def resident_mb(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1000 for line in status if line.startswith(field + ":"))


def measure(make, seconds=1.5):
    """Median ms of a step, and by how many MB the process grew at most from before `make` on."""
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


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", default=[])
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    T.set_num_threads(options.threads)
    T.manual_seed(1)
    result = {"torch": T.__version__, "threads": options.threads}
    for name in options.names or [*OTHERS, *IMAGES]:
        if name in IMAGES:  # the faster of its two orders of memory
            both = [measure(lambda: IMAGES[name](memory)) for memory in (T.contiguous_format, T.channels_last)]
            result[name] = {"ms": min(one["ms"] for one in both), "peak_mb": both[0]["peak_mb"]}  # the second finds the first one's memory
        else:
            result[name] = measure(OTHERS[name])
    print(json.dumps(result))
