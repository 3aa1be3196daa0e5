"""The training steps of bench/workload_gan.cpp in PyTorch."""

from torch import nn
from torch.nn import functional as F

from common import T, adam, ready, normal, mlp, update


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
