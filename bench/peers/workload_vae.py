"""The training step of bench/workload_vae.cpp in PyTorch."""

from torch import nn
from torch.nn import functional as F

from common import T, adam, ready, mlp, update


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
