"""Writes optimizer_golden.h: parameters after each step of PyTorch's optimisers. All in f64.

python3 tests/golden/make_optimizer_golden.py > tests/golden/optimizer_golden.h
"""

import torch

from golden import array, preamble, spread

STEPS = 12


def trajectory(name, make):
    """Parameters w [3, 2] and b [2] after every step. b has no gradient in the first two steps;
    the learning rate halves after six."""
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


preamble("make_optimizer_golden.py", "vector")
optim = torch.optim
trajectory("sgd", lambda p: optim.SGD(p, lr=0.05))
trajectory("sgd_momentum", lambda p: optim.SGD(p, lr=0.05, momentum=0.9))
trajectory(
    "sgd_dampening", lambda p: optim.SGD(p, lr=0.05, momentum=0.9, dampening=0.3, weight_decay=0.1)
)
trajectory(
    "sgd_nesterov", lambda p: optim.SGD(p, lr=0.05, momentum=0.8, nesterov=True, weight_decay=0.01)
)
trajectory("adam", lambda p: optim.Adam(p, lr=0.1))
trajectory(
    "adam_decay", lambda p: optim.Adam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-4, weight_decay=0.2)
)
trajectory("adamw", lambda p: optim.AdamW(p, lr=0.1, weight_decay=0.3))
trajectory("radam", lambda p: optim.RAdam(p, lr=0.1))
trajectory(
    "radam_decay", lambda p: optim.RAdam(p, lr=0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.2)
)
trajectory("radam_plain", lambda p: optim.RAdam(p, lr=0.1, betas=(0.9, 0.6)))
trajectory("rmsprop", lambda p: optim.RMSprop(p, lr=0.02))
trajectory(
    "rmsprop_momentum",
    lambda p: optim.RMSprop(p, lr=0.02, alpha=0.9, momentum=0.7, weight_decay=0.1),
)

trajectory("adagrad", lambda p: optim.Adagrad(p, lr=0.3))
trajectory(
    "adagrad_decay",
    lambda p: optim.Adagrad(
        p, lr=0.3, lr_decay=0.2, weight_decay=0.1, initial_accumulator_value=0.5, eps=1e-3
    ),
)
trajectory("adamax", lambda p: optim.Adamax(p, lr=0.1))
trajectory(
    "adamax_decay", lambda p: optim.Adamax(p, lr=0.1, betas=(0.5, 0.9), eps=1e-3, weight_decay=0.2)
)
print("\n}  // namespace golden")
