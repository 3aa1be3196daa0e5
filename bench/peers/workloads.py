#!/usr/bin/env python3
"""The workloads of bench/workload_*.cpp in PyTorch, with its fastest usual settings: median ms of a step, as JSON.

workloads.py [--threads N] [NAME ...]
workloads.py --device cuda [--mode eager|compile|graph] [--precision f32|tf32|bf16|f16] [NAME ...]     a line of JSON for each name
"""

import argparse
import contextlib
import functools
import json
import math
import statistics
import time

import torch
from torch import nn
from torch.nn import functional as F

T = torch
options = argparse.Namespace(device="cpu", mode="eager", precision="f32")
HALVES = {"bf16": T.bfloat16, "f16": T.float16}


def adam(parameters, lr=1e-3, betas=(0.9, 0.999)):
    """With what scales its losses in f16, and else does nothing."""
    if options.device == "cpu":
        optimiser = T.optim.Adam(parameters, lr=lr, betas=betas, foreach=True)
    else:
        optimiser = T.optim.Adam(
            parameters, lr=lr, betas=betas, fused=True, capturable=options.mode == "graph"
        )
    optimiser.scaler = T.amp.GradScaler(options.device, enabled=options.precision == "f16")
    return optimiser


def ready(f):
    """What computes a loss or a sample, compiled and in the precision that was asked for."""

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


# In a compiled function the default device does not count.
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


# --- VAE --------------------------------------------------------------------------------------------------------------------------
def vae():
    encoder, decoder = nn.Sequential(mlp(784, 400, 400), nn.ReLU()), mlp(20, 400, 400, 784)
    mu, log_var = nn.Linear(400, 20), nn.Linear(400, 20)
    optimiser = adam([p for m in (encoder, decoder, mu, log_var) for p in m.parameters()])
    x = T.bernoulli(T.full((100, 784), 0.3))

    @ready
    def loss():
        h = encoder(x)
        m, v = mu(h), log_var(h)
        z = m + (0.5 * v).exp() * T.randn_like(m)
        log_likelihood = -F.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(
            -1
        )
        return -(log_likelihood - 0.5 * (m**2 + v.exp() - 1 - v).sum(-1)).mean()

    return lambda: update(optimiser, loss())


# --- GAN --------------------------------------------------------------------------------------------------------------------------
def gan(g, d, real, noise):
    adam_g, adam_d = adam(g.parameters(), 2e-4, (0.5, 0.999)), adam(
        d.parameters(), 2e-4, (0.5, 0.999)
    )
    generate = ready(lambda: g(normal(len(real), noise)))
    loss_d = ready(lambda fake: F.softplus(-d(real)).mean() + F.softplus(d(fake)).mean())
    loss_g = ready(lambda: F.softplus(-d(g(normal(len(real), noise)))).mean())

    def step():
        with T.no_grad():
            fake = generate()
        update(adam_d, loss_d(fake))
        d.requires_grad_(False)
        update(adam_g, loss_g())
        d.requires_grad_(True)

    return step


def gan_2d():
    return gan(mlp(2, 128, 128, 2), mlp(2, 128, 128, 1), T.randn(256, 2), 2)


def gan_mlp():
    return gan(
        mlp(100, 1200, 1200, 784, last=nn.Sigmoid()), mlp(784, 1200, 1200, 1), T.rand(100, 784), 100
    )


def gan_dc(memory):
    g = nn.Sequential(
        nn.Unflatten(1, (64, 1, 1)),
        nn.ConvTranspose2d(64, 128, 7, 1, 0, bias=False),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, 2, 1),
        nn.Tanh(),
    )
    d = nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False),
        nn.BatchNorm2d(128),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(128 * 49, 1),
    )
    g, d = g.to(memory_format=memory), d.to(memory_format=memory)
    return gan(g, d, (T.rand(64, 1, 28, 28) * 2 - 1).to(memory_format=memory), 64)


# --- DDPM -------------------------------------------------------------------------------------------------------------------------
class Residual(nn.Module):
    def __init__(self, a, b, time, groups):
        super().__init__()
        self.n1, self.c1, self.t = (
            nn.GroupNorm(groups, a),
            nn.Conv2d(a, b, 3, padding=1),
            nn.Linear(time, b),
        )
        self.n2, self.c2 = nn.GroupNorm(groups, b), nn.Conv2d(b, b, 3, padding=1)
        self.skip = nn.Conv2d(a, b, 1) if a != b else nn.Identity()

    def forward(self, x, t):
        h = self.c1(F.silu(self.n1(x))) + self.t(t)[:, :, None, None]
        return self.c2(F.silu(self.n2(h))) + self.skip(x)


class Attention(nn.Module):
    def __init__(self, c, groups):
        super().__init__()
        self.n, self.qkv, self.out = (
            nn.GroupNorm(groups, c),
            nn.Conv2d(c, 3 * c, 1),
            nn.Conv2d(c, c, 1),
        )

    def forward(self, x, _):
        b, c, h, w = x.shape
        q, k, v = self.qkv(self.n(x)).permute(0, 2, 3, 1).reshape(b, h * w, 3 * c).split(c, 2)
        y = F.scaled_dot_product_attention(q[:, None], k[:, None], v[:, None])[:, 0]
        return x + self.out(y.reshape(b, h, w, c).permute(0, 3, 1, 2))


class UNet(nn.Module):
    def __init__(
        self, base=32, multipliers=(1, 2, 2), blocks=2, size=28, attend=14, channels=1, groups=8
    ):
        super().__init__()
        time = 4 * base
        self.base = base
        self.time = nn.Sequential(nn.Linear(base, time), nn.SiLU(), nn.Linear(time, time))
        self.first = nn.Conv2d(channels, base, 3, padding=1)
        self.down, self.up, self.shrink, self.grow = (
            nn.ModuleList(),
            nn.ModuleList(),
            nn.ModuleList(),
            nn.ModuleList(),
        )
        widths, c = [base], base
        for level, m in enumerate(multipliers):
            for _ in range(blocks):
                self.down.append(
                    nn.ModuleList(
                        [Residual(c, m * base, time, groups)]
                        + ([Attention(m * base, groups)] if size == attend else [])
                    )
                )
                c = m * base
                widths.append(c)
            if level + 1 < len(multipliers):
                self.shrink.append(nn.Conv2d(c, c, 3, 2, 1))
                widths.append(c)
                size //= 2
        self.middle = nn.ModuleList(
            [Residual(c, c, time, groups), Attention(c, groups), Residual(c, c, time, groups)]
        )
        for level in reversed(range(len(multipliers))):
            m = multipliers[level]
            for _ in range(blocks + 1):
                self.up.append(
                    nn.ModuleList(
                        [Residual(c + widths.pop(), m * base, time, groups)]
                        + ([Attention(m * base, groups)] if size == attend else [])
                    )
                )
                c = m * base
            if level:
                self.grow.append(nn.Conv2d(c, c, 3, padding=1))
                size *= 2
        self.norm, self.last, self.blocks = (
            nn.GroupNorm(groups, c),
            nn.Conv2d(c, channels, 3, padding=1),
            blocks,
        )

    def forward(self, x, t):
        n = self.base // 2
        angles = t[:, None].float() * T.exp(
            T.arange(n, device=t.device) * (-math.log(10000) / (n - 1))
        )
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
                h = self.grow[(i + 1) // (self.blocks + 1) - 1](
                    F.interpolate(h, scale_factor=2, mode="nearest")
                )
        return self.last(F.silu(self.norm(h)))


def ddpm(net, parameter_count, images, memory):
    net = net.to(memory_format=memory)
    assert sum(p.numel() for p in net.parameters()) == parameter_count
    parameters = list(net.parameters())
    optimiser, average = adam(parameters, 2e-4), [p.detach().clone() for p in parameters]
    alpha_bar = T.cumprod(1 - T.linspace(1e-4, 0.02, 1000), 0)
    x0 = (T.rand(*images) * 2 - 1).to(memory_format=memory)

    @ready
    def loss():
        t, noise = T.randint(0, 1000, (len(x0),), device=options.device), T.randn_like(x0)
        a = alpha_bar[t][:, None, None, None]
        return F.mse_loss(net(a.sqrt() * x0 + (1 - a).sqrt() * noise, t), noise)

    def step():
        update(optimiser, loss())
        with T.no_grad():
            T._foreach_lerp_(average, parameters, 1 - 0.999)

    return step


def ddpm_28(memory):
    return ddpm(UNet(), 1623169, (32, 1, 28, 28), memory)


def ddpm_cifar(memory):
    return ddpm(UNet(128, (1, 2, 2, 2), 2, 32, 16, 3, 32), 35746307, (128, 3, 32, 32), memory)


def ddpm_28_sample(memory):
    net = UNet().to(memory_format=memory)
    x, t = T.randn(16, 1, 28, 28).to(memory_format=memory), T.full((16,), 500)
    return T.no_grad()(
        ready(
            lambda: (x - net(x, t) * (0.01 / math.sqrt(0.92))) / math.sqrt(0.99)
            + 0.1 * T.randn_like(x)
        )
    )


# --- flows ------------------------------------------------------------------------------------------------------------------------
class Planar(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.w, self.u, self.b = (
            nn.Parameter(T.empty(s).uniform_(-0.1, 0.1)) for s in ((dim,), (dim,), ())
        )

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

    @ready
    def loss():
        z0 = normal(512, 2)
        z, log_det = z0, zeros(512)
        for flow in flows:
            z, log_det = flow(z, log_det)
        return ((z0**2).sum(1) * -0.5 - math.log(2 * math.pi) - log_det + energy(z)).mean()

    return lambda: update(optimiser, loss())


def vae_nf():
    encoder, decoder, flows = (
        mlp(784, 400, 400, 80),
        mlp(40, 400, 400, 784),
        nn.ModuleList(Planar(40) for _ in range(20)),
    )
    optimiser = adam([p for m in (encoder, decoder, flows) for p in m.parameters()])
    x = T.bernoulli(T.full((100, 784), 0.3))

    @ready
    def loss():
        mu, log_var = encoder(x).split(40, 1)
        noise = normal(100, 40)
        z, log_det = mu + (log_var * 0.5).exp() * noise, zeros(100)
        for flow in flows:
            z, log_det = flow(z, log_det)
        log_q = (noise**2 + log_var).sum(1) * -0.5 - log_det
        log_likelihood = -F.binary_cross_entropy_with_logits(decoder(z), x, reduction="none").sum(1)
        return (log_q - (z**2).sum(1) * -0.5 - log_likelihood).mean()

    return lambda: update(optimiser, loss())


def realnvp_2d():
    nets = nn.ModuleList(mlp(1, 128, 128, 2) for _ in range(8))
    optimiser, x = adam(nets.parameters()), T.randn(512, 2)

    @ready
    def loss():
        a, b, log_det = x[:, :1], x[:, 1:], zeros(512, 1)
        for net in nets:
            s, t = net(a).split(1, 1)
            s = T.tanh(s)
            a, b, log_det = b * s.exp() + t, a, log_det + s
        return -((a**2 + b**2) * -0.5 - math.log(2 * math.pi) + log_det).mean()

    return lambda: update(optimiser, loss())


IMAGES = {
    "gan_dc": gan_dc,
    "ddpm_28": ddpm_28,
    "ddpm_28_sample": ddpm_28_sample,
    "ddpm_cifar": ddpm_cifar,
}  # the last for a GPU only
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
    """The same on a GPU, up to ten steps at a time: the host runs ahead of the device, as it does in training."""
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
        try:
            makes = (
                [
                    functools.partial(IMAGES[name], memory)
                    for memory in (T.contiguous_format, T.channels_last)
                ]
                if name in IMAGES
                else [OTHERS[name]]
            )
            if options.mode == "compile" or name == "ddpm_cifar":
                makes = makes[
                    -1:
                ]  # compiling is slow, and so is trying every algorithm of a large convolution
            best = min((measure_on_gpu(make) for make in makes), key=lambda one: one["ms"])
            print(
                json.dumps(
                    {"name": name, "mode": options.mode, "precision": options.precision, **best}
                ),
                flush=True,
            )
        except Exception as error:  # the others still count
            print(
                json.dumps(
                    {
                        "name": name,
                        "mode": options.mode,
                        "precision": options.precision,
                        "error": str(error)[:300],
                    }
                ),
                flush=True,
            )
        T.cuda.empty_cache()


def run_on_cpu(names):
    result = {"torch": T.__version__, "threads": options.threads}
    for name in names:
        if name in IMAGES:  # the faster of its two orders of memory
            both = [
                measure(lambda: IMAGES[name](memory))
                for memory in (T.contiguous_format, T.channels_last)
            ]
            result[name] = {
                "ms": min(one["ms"] for one in both),
                "peak_mb": both[0]["peak_mb"],
            }  # the second finds the first one's memory
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
