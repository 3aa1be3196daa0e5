"""The training steps of bench/workload_ddpm.cpp in PyTorch."""

import math

from torch import nn
from torch.nn import functional as F

from common import T, options, adam, ready, update


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
