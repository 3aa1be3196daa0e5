"""Writes nn_golden.h: what PyTorch computes for the cases of tests/nn. All in f64.

python3 tests/golden/make_nn_golden.py > tests/golden/nn_golden.h
"""

import torch
from torch import nn
import torch.nn.functional as F

from golden import array, numbers, preamble, spread

preamble("make_nn_golden.py", "cmath", "string", "vector")

# --- losses --------------------------------------------------------------------------------------
x, y = spread((4, 3), 0.3), spread((4, 3), 2.1)
classes = torch.tensor([2, 0, 1, 2])
print()
array("x", x, "[4, 3]")
array("y", y, "[4, 3]")


def loss(name, function):
    leaf = x.clone().requires_grad_()
    value = function(leaf)
    (value * spread(value.shape, 0.9)).sum().backward() if value.dim() else value.backward()
    array(name, value)
    array(name + "_grad", leaf.grad)


loss("mse", lambda a: F.mse_loss(a, y))
loss("mse_sum", lambda a: F.mse_loss(a, y, reduction="sum"))
loss("l1", lambda a: F.l1_loss(a, y))
loss("huber", lambda a: F.huber_loss(a, y, delta=0.7))
loss("bce", lambda a: F.binary_cross_entropy_with_logits(a, torch.sigmoid(y)))
loss("cross_entropy", lambda a: F.cross_entropy(a, classes))
loss("cross_entropy_smooth", lambda a: F.cross_entropy(a, classes, label_smoothing=0.1))
loss(
    "cross_entropy_rows",
    lambda a: F.cross_entropy(a, classes, reduction="none", label_smoothing=0.25),
)
loss("nll", lambda a: F.nll_loss(a, classes))
loss("log_softmax", lambda a: F.log_softmax(a, 1))
loss("softmax", lambda a: F.softmax(a, 0))
weights, some = torch.tensor([0.5, 2.0, 1.25]), torch.tensor([2, -100, 1, 2])
places = torch.tensor([[2, -100], [1, 0]])  # of logits [2, 3, 2]
for rest, reduction in (("", "mean"), ("_sum", "sum"), ("_rows", "none")):
    loss(
        "nll_weighted" + rest,
        lambda a: F.nll_loss(a, some, weights, ignore_index=-100, reduction=reduction),
    )
    loss(
        "cross_entropy_weighted" + rest,
        lambda a: F.cross_entropy(
            a, some, weights, ignore_index=-100, label_smoothing=0.2, reduction=reduction
        ),
    )
    loss(
        "cross_entropy_ignored" + rest,
        lambda a: F.cross_entropy(
            a, classes, ignore_index=2, label_smoothing=0.2, reduction=reduction
        ),
    )
    loss(
        "cross_entropy_places" + rest,
        lambda a: F.cross_entropy(
            a.reshape(2, 3, 2), places, weights, label_smoothing=0.1, reduction=reduction
        ),
    )
    loss("smooth_l1" + rest, lambda a: F.smooth_l1_loss(a, y, beta=0.6, reduction=reduction))
    loss(
        "gaussian_nll" + rest,
        lambda a: F.gaussian_nll_loss(a, y, a * a + 0.1, full=True, eps=0.2, reduction=reduction),
    )
    loss("kl_div" + rest, lambda a: F.kl_div(a, torch.relu(y), reduction=reduction))
    loss("kl_div_log" + rest, lambda a: F.kl_div(y, a, reduction=reduction, log_target=True))
loss("smooth_l1_zero", lambda a: F.smooth_l1_loss(a, y, beta=0.0))
loss("gaussian_nll_shared", lambda a: F.gaussian_nll_loss(y, x, a.square()[:, :1]))
loss("hinge", lambda a: F.relu(1 - a * torch.sign(y)).mean())
loss("cosine", lambda a: F.cosine_similarity(a, y, dim=1))
loss("cosine_rows", lambda a: F.cosine_similarity(a, y[:1], dim=0))
loss("prelu", lambda a: F.prelu(a, torch.tensor([0.3, -0.2, 0.1])))
loss("glu", lambda a: F.glu(a, 0))
normal = torch.distributions.Normal
loss(
    "kl",
    lambda a: torch.distributions.kl_divergence(
        normal(a, torch.exp(y / 2)), normal(y * y, torch.exp(-a.detach() / 2))
    ),
)

# --- the rest ------------------------------------------------------------------------------------
print()
p, q = torch.zeros(4, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
p.grad, q.grad = x.clone(), y[0].clone()
norm = nn.utils.clip_grad_norm_([p, q], 1.5)
array("clip_norm", norm)
array("clip_grad", torch.cat([p.grad.reshape(-1), q.grad]))


def schedule(name, make, steps=10):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    array(name, torch.tensor(rates))


lr = torch.optim.lr_scheduler
schedule("step_lr", lambda o: lr.StepLR(o, 3, gamma=0.2))
schedule("exponential_lr", lambda o: lr.ExponentialLR(o, 0.9))
schedule("cosine_lr", lambda o: lr.CosineAnnealingLR(o, 9, eta_min=0.05))
schedule("restarts_lr", lambda o: lr.CosineAnnealingWarmRestarts(o, 3, T_mult=2, eta_min=0.05), 25)
schedule("restarts_even_lr", lambda o: lr.CosineAnnealingWarmRestarts(o, 4), 13)
schedule("linear_lr", lambda o: lr.LinearLR(o, start_factor=0.25, end_factor=0.75, total_iters=6))
schedule("polynomial_lr", lambda o: lr.PolynomialLR(o, total_iters=7, power=1.7))
schedule("one_cycle_lr", lambda o: lr.OneCycleLR(o, 0.4, total_steps=20, cycle_momentum=False), 20)
schedule(
    "one_cycle_phases_lr",
    lambda o: lr.OneCycleLR(
        o,
        0.4,
        total_steps=20,
        pct_start=0.35,
        anneal_strategy="linear",
        div_factor=10,
        final_div_factor=50,
        three_phase=True,
        cycle_momentum=False,
    ),
    20,
)

readings = [
    3,
    2,
    2.1,
    1.9999,
    2.5,
    float("nan"),
    2.2,
    1.5,
    1.5,
    1.49,
    1.6,
    1.7,
    1.45,
    1.2,
    1.3,
    1.3,
    1.3,
    1.3,
    1.3,
    1.3,
    1.3,
    1.3,
]


def plateau(name, sign=1, **options):
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler, rates = lr.ReduceLROnPlateau(optimizer, **options), []
    for reading in readings:
        scheduler.step(sign * reading)
        rates.append(optimizer.param_groups[0]["lr"])
    array(name, torch.tensor(rates))


print(
    "inline const std::vector<double> readings{"
    + ", ".join("NAN" if r != r else repr(float(r)) for r in readings)
    + "};"
)
plateau("plateau", factor=0.5, patience=1)
plateau(
    "plateau_cooldown", factor=0.1, patience=0, threshold=0.05, cooldown=2, min_lr=1e-4, eps=1e-3
)
plateau("plateau_absolute", factor=0.3, patience=2, threshold=0.2, threshold_mode="abs")
plateau(
    "plateau_up", sign=-1, mode="max", factor=0.5, patience=1, threshold=0.1, threshold_mode="abs"
)
plateau("plateau_up_relative", mode="max", factor=0.5, patience=1, threshold=0.1)

# --- spectral and weight norm --------------------------------------------------------------------
parametrizations = nn.utils.parametrizations


def normed(name, layer, shape, wrap):
    """Two forwards in training and one in evaluation: output, buffers, and the gradients of a
    loss that holds a gradient penalty."""
    with torch.no_grad():
        layer.weight.copy_(spread(layer.weight.shape, 0.2))
        layer.bias.copy_(spread(layer.bias.shape, 0.5))
        layer = wrap(layer)
        for key, value in layer.state_dict().items():
            if key.endswith("0._u") or key.endswith("0._v"):
                value.copy_(F.normalize(spread(value.shape, 0.4), dim=0))
            if key.endswith("original0"):
                value.copy_(spread(value.shape, 0.7) + 2)
    data = spread(shape, 1.1).requires_grad_()
    layer(data)
    out = layer(data)
    (penalty,) = torch.autograd.grad(torch.tanh(out).sum(), data, create_graph=True)
    ((out * spread(out.shape, 0.9)).sum() + penalty.square().sum()).backward()
    array(name, out)
    array(name + "_grads", torch.cat([p.grad.reshape(-1) for p in layer.parameters()]))
    array(name + "_buffers", torch.cat([torch.zeros(0)] + [b.reshape(-1) for b in layer.buffers()]))
    layer.eval()
    array(name + "_eval", layer(data))
    print(
        f"inline const std::vector<std::string> {name}_names{{"
        + ", ".join(f'"{key}"' for key in layer.state_dict())
        + "};"
    )


print()
spectral, weight = parametrizations.spectral_norm, parametrizations.weight_norm
normed("spectral_linear", nn.Linear(4, 3), (2, 4), spectral)
normed(
    "spectral_conv", nn.Conv2d(2, 3, 3), (2, 2, 4, 4), lambda m: spectral(m, n_power_iterations=3)
)
normed(
    "spectral_transposed", nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1), (2, 2, 3, 3), spectral
)
normed("weight_linear", nn.Linear(4, 3), (2, 4), weight)
normed("weight_conv", nn.Conv2d(2, 3, 3), (2, 2, 4, 4), weight)
normed(
    "weight_transposed",
    nn.ConvTranspose2d(2, 3, 4, stride=2, padding=1),
    (2, 2, 3, 3),
    lambda m: weight(m, dim=1),
)


# --- minibatch standard deviation (Karras et al. 2018) -----------------------------------------
def minibatch_stddev(x, group, features):
    b, c = x.shape[:2]
    sets = b // group
    out = torch.zeros(b, features, *x.shape[2:])
    for s in range(sets):
        members = [x[i] for i in range(b) if i % sets == s]
        deviation = (torch.stack(members).var(0, unbiased=False) + 1e-8).sqrt()
        for f in range(features):
            width = c // features
            for i in range(b):
                if i % sets == s:
                    out[i, f] = deviation[f * width : (f + 1) * width].mean()
    return torch.cat([x, out], 1)


print()
array("minibatch_groups", minibatch_stddev(spread((6, 4, 2, 1), 0.3), 3, 2))
array("minibatch_whole", minibatch_stddev(spread((3, 2), 0.3), 3, 1))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(2))
        self.embedding = nn.Embedding(5, 2)
        self.register_buffer("steps", torch.zeros(()))
        self.body = nn.Sequential(
            nn.Linear(2, 3),
            nn.ReLU(),
            nn.Sequential(nn.Linear(3, 2, bias=False), nn.Flatten(), nn.Dropout(0.1)),
        )


names = ", ".join(f'"{name}"' for name in Net().state_dict())
print(f"inline const std::vector<std::string> state_names{{{names}}};")
print("\n}  // namespace golden")
