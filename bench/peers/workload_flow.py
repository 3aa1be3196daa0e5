"""The training steps of bench/workload_flow.cpp in PyTorch."""

import math

from torch import nn
from torch.nn import functional as F

from common import T, adam, ready, normal, zeros, mlp, update


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
