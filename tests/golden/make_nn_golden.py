"""Writes nn_golden.h: what PyTorch computes for the cases of tests/nn. All in f64.

    python3 tests/golden/make_nn_golden.py > tests/golden/nn_golden.h
"""
import torch
from torch import nn
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)


def numbers(x):
    return ", ".join(repr(float(v)) for v in x.detach().reshape(-1))


def array(name, x, note=""):
    print(f"inline const std::vector<double> {name}{{{numbers(x)}}};{'  // ' + note if note else ''}")


def spread(shape, phase):
    """Fixed values of both signs, the same in any version."""
    count = torch.Size(shape).numel()
    return torch.sin(torch.arange(count) * 1.7 + phase).reshape(shape) * 1.5


# --- optimisers -----------------------------------------------------------------------------------------------------------------
STEPS = 12


def trajectory(name, make):
    """Parameters w [3, 2] and b [2] after every step. b has no gradient in the first two steps; the learning rate halves after six."""
    w, b = spread((3, 2), 0.0).requires_grad_(), spread((2,), 1.0).requires_grad_()
    optimizer = make([w, b])
    rows = []
    for step in range(STEPS):
        if step == 6:
            for group in optimizer.param_groups:
                group["lr"] *= 0.5
        optimizer.zero_grad(set_to_none=True)
        loss = (w * w * 0.5 + torch.sin(3 * w)).sum() + (w * (step + 1) * 0.1).sum()
        if step >= 2:
            loss = loss + (b * b * b * b + torch.cos(b) * w[0]).sum()
        loss.backward()
        optimizer.step()
        rows.append(torch.cat([w.detach().reshape(-1), b.detach()]))
    array(name, torch.stack(rows), f"[{STEPS}, 8]")


print("#pragma once")
print(f"// Made by make_nn_golden.py with PyTorch {torch.__version__.split('+')[0]}; do not edit.")
print("#include <string>\n#include <vector>\n\nnamespace golden {\n")

optim = torch.optim
trajectory("sgd", lambda p: optim.SGD(p, lr=0.05))
trajectory("sgd_momentum", lambda p: optim.SGD(p, lr=0.05, momentum=0.9))
trajectory("sgd_dampening", lambda p: optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.3, weight_decay=0.1))
trajectory("sgd_nesterov", lambda p: optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01))
trajectory("adam", lambda p: optim.Adam(p, lr=0.1))
trajectory("adam_decay", lambda p: optim.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-4, weight_decay=0.2))
trajectory("adamw", lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.3))
trajectory("rmsprop", lambda p: optim.RMSprop(p, lr=0.02))
trajectory("rmsprop_momentum", lambda p: optim.RMSprop(p, lr=0.02, alpha=0.9, momentum=0.7, weight_decay=0.1))

trajectory("adagrad", lambda p: optim.Adagrad(p, lr=0.3))
trajectory("adagrad_decay", lambda p: optim.Adagrad(p, lr=0.3, lr_decay=0.2, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-3))
trajectory("adamax", lambda p: optim.Adamax(p, lr=0.1))
trajectory("adamax_decay", lambda p: optim.Adamax(p, lr=0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.2))

# --- losses ---------------------------------------------------------------------------------------------------------------------
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
loss("cross_entropy_rows", lambda a: F.cross_entropy(a, classes, reduction="none", label_smoothing=0.25))
loss("nll", lambda a: F.nll_loss(a, classes))
loss("log_softmax", lambda a: F.log_softmax(a, 1))
loss("softmax", lambda a: F.softmax(a, 0))
normal = torch.distributions.Normal
loss("kl", lambda a: torch.distributions.kl_divergence(normal(a, torch.exp(y / 2)), normal(y * y, torch.exp(-a.detach() / 2))))

# --- the rest -------------------------------------------------------------------------------------------------------------------
print()
p, q = torch.zeros(4, 3, requires_grad=True), torch.zeros(3, requires_grad=True)
p.grad, q.grad = x.clone(), y[0].clone()
norm = nn.utils.clip_grad_norm_([p, q], 1.5)
array("clip_norm", norm)
array("clip_grad", torch.cat([p.grad.reshape(-1), q.grad]))


def schedule(name, make, steps=10):
    optimizer = optim.SGD([torch.zeros(1, requires_grad=True)], lr=0.4)
    scheduler, rates = make(optimizer), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    array(name, torch.tensor(rates))


lr = optim.lr_scheduler
schedule("step_lr", lambda o: lr.StepLR(o, 3, gamma=0.2))
schedule("exponential_lr", lambda o: lr.ExponentialLR(o, 0.9))
schedule("cosine_lr", lambda o: lr.CosineAnnealingLR(o, 9, eta_min=0.05))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.zeros(2))
        self.embedding = nn.Embedding(5, 2)
        self.register_buffer("steps", torch.zeros(()))
        self.body = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Sequential(nn.Linear(3, 2, bias=False), nn.Flatten(), nn.Dropout(0.1)))


names = ", ".join(f'"{name}"' for name in Net().state_dict())
print(f"inline const std::vector<std::string> state_names{{{names}}};")
print("\n}  // namespace golden")
