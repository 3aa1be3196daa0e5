"""Writes gan_golden.h: losses of GANs, gradient penalties and a look-ahead of the discriminator
as PyTorch computes them. All in f64.

python3 tests/golden/make_gan_golden.py > tests/golden/gan_golden.h
"""

import torch
import torch.nn.functional as F

from golden import numbers, spread


def array(name, *parts):
    print(f"inline const std::vector<double> {name}{{{', '.join(numbers(p) for p in parts)}}};")


bce, mse = F.binary_cross_entropy_with_logits, F.mse_loss


def full(a, value):
    return torch.full_like(a, value)


def classifier(real, fake, label):
    return bce(real, full(real, label)) + bce(fake, full(fake, 0))


def average(real, fake):
    return real - fake.mean(), fake - real.mean()


def relativistic_generator(real, fake):
    r, f = average(real, fake)
    return bce(r, full(r, 0)) + bce(f, full(f, 1))


LOSSES = {  # of the discriminator, of the generator, whether labels can be smoothed
    "non-saturating": (classifier, lambda r, f: bce(f, full(f, 1)), True),
    "minimax": (classifier, lambda r, f: -bce(f, full(f, 0)), True),
    "hinge": (
        lambda r, f, _: F.relu(1 - r).mean() + F.relu(1 + f).mean(),
        lambda r, f: -f.mean(),
        False,
    ),
    "least-squares": (
        lambda r, f, l: mse(r, full(r, l)) / 2 + mse(f, full(f, 0)) / 2,
        lambda r, f: mse(f, full(f, 1)) / 2,
        True,
    ),
    "wasserstein": (lambda r, f, _: -(r.mean() - f.mean()), lambda r, f: -f.mean(), False),
    "relativistic": (lambda r, f, l: classifier(*average(r, f), l), relativistic_generator, True),
}


def with_gradients(loss):
    """The loss, then its gradients with respect to the logits of 5 data and of 7 samples."""
    real, fake = (2 * spread((5, 1), 0.2)).requires_grad_(), (
        2 * spread((7, 1), 0.9)
    ).requires_grad_()
    value = loss(real, fake)
    gradients = torch.autograd.grad(value, [real, fake], allow_unused=True)
    return ", ".join(
        numbers(p)
        for p in [
            value,
            *(torch.zeros_like(x) if g is None else g for x, g in zip((real, fake), gradients)),
        ]
    )


print("#pragma once")
print(f"// Made by make_gan_golden.py with PyTorch {torch.__version__.split('+')[0]}; do not edit.")
print("#include <string>\n#include <vector>\n\nnamespace golden {\n")
print(
    "/// label of data, then for D and for G: loss [1], gradient of real [5], gradient of fake [7]."
)
print(
    "struct GanLoss {\n    std::string name;\n    double label;\n"
    "    std::vector<double> discriminator, generator;\n};"
)
print("inline const std::vector<GanLoss> gan_losses{")
for name, (d, g, smooths) in LOSSES.items():
    for label in (1.0, 0.9) if smooths else (1.0,):
        print(
            f'    {{"{name}", {label}, {{{with_gradients(lambda r, f: d(r, f, label))}}}, '
            f"{{{with_gradients(g)}}}}},"
        )
print("};\n")

# --- penalties: D(x) = v tanh(W x), x [4, 2]; the gradients are those of W [3, 2] and v [3] ------
W, v = spread((3, 2), 0.4).requires_grad_(), spread((3,), 1.3).requires_grad_()


def gradient_of(x):
    x = x.clone().requires_grad_()
    return torch.autograd.grad((torch.tanh(x @ W.T) @ v).sum(), x, create_graph=True)[0]


real, fake = spread((4, 2), 2.0), spread((4, 2), 0.7)
r1 = gradient_of(real).square().sum(1).mean() / 2
r2 = gradient_of(fake).square().sum(1).mean() / 2
gp = ((gradient_of(real).norm(dim=1) - 1) ** 2).mean()
array("gan_gradient_norm", gradient_of(real).norm(dim=1))
for name, p in {"gan_r1": r1, "gan_r2": r2, "gan_r1_r2": r1 + r2, "gan_gp_at_data": gp}.items():
    array(name, p, *torch.autograd.grad(p, [W, v], retain_graph=True))

# --- look-ahead: a logistic D(x) = x w + b, three steps of 0.3 of its loss, then the non-
# saturating loss of G
w, b = spread((1, 2), 0.5).requires_grad_(), spread((1,), 1.1).requires_grad_()
samples = fake.clone().requires_grad_()
theta = [w, b]
for _ in range(3):
    loss = classifier(F.linear(real, *theta), F.linear(samples, *theta), 1.0)
    theta = [
        p - 0.3 * g for p, g in zip(theta, torch.autograd.grad(loss, theta, create_graph=True))
    ]
logits = F.linear(samples, *theta)
loss = bce(logits, full(logits, 1))
array("gan_unrolled_parameters", *theta)
array("gan_unrolled", loss, torch.autograd.grad(loss, samples)[0])
print("\n}  // namespace golden")
