"""Normalisation, softmax and attention."""

import torch
import torch.nn.functional as F

from cases import INF, case, line, spread

IMAGE = spread((2, 4, 3, 2))
C = spread((4,), 0.3, 0.5, 1.0)
BIAS = spread((4,), 0.8)


def norms():
    for groups in (1, 2, 4):
        case(
            "group_norm",
            lambda x, w, b: F.group_norm(x, groups, w, b),
            IMAGE,
            C,
            BIAS,
            groups=groups,
        )
    case(
        "group_norm", lambda x: F.group_norm(x, 2, eps=0.25), spread((2, 4)), groups=2, epsilon=0.25
    )
    case("instance_norm", lambda x, w, b: F.instance_norm(x, weight=w, bias=b), IMAGE, C, BIAS)
    batch = lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True)
    case("batch_norm", batch, IMAGE, C, BIAS, training=True)
    case("batch_norm", batch, spread((5, 4)), C, BIAS, training=True)
    evaluate = lambda x, w, b, m, v: F.batch_norm(x, m.detach(), v.detach(), w, b)
    case(
        "batch_norm",
        evaluate,
        IMAGE,
        C,
        BIAS,
        spread((4,), 0.6),
        spread((4,), 0.2, 0.5, 1.0),
        training=False,
    )
    w, b = spread((3, 2), 0.3, 0.5, 1.0), spread((3, 2), 0.7)
    case("layer_norm", lambda x, w, b: F.layer_norm(x, (3, 2), w, b), IMAGE, w, b, shape=[3, 2])
    case("layer_norm", lambda x: F.layer_norm(x, (2,), eps=0.25), IMAGE, shape=[2], epsilon=0.25)
    case(
        "rms_norm",
        lambda x, w: F.rms_norm(x, (3, 2), w, 1e-6),
        IMAGE,
        w,
        shape=[3, 2],
        epsilon=1e-6,
    )
    case("rms_norm", lambda x: F.rms_norm(x, (2,), None, 0.25), IMAGE, shape=[2], epsilon=0.25)
    for size in (1, 2, 3, 5):
        o = dict(alpha=0.5, beta=0.75, k=2.0)
        case(
            "local_response_norm",
            lambda x: F.local_response_norm(x, size, **o),
            IMAGE,
            size=size,
            **o
        )


def softmaxes():
    x = spread((2, 3, 4), 0.1, 4)
    for name, f in (("softmax", F.softmax), ("log_softmax", F.log_softmax)):
        for dim in (0, 1, -1):
            case(name, lambda x: f(x, dim), x, dim=dim)
        case(name, lambda x: f(x, 0), line(800, 799, -700), dim=0)
        case(name, lambda x: f(x, 0), line(3), dim=0)
        case(name, lambda x: f(x, 1), torch.zeros(2, 0), dim=1)
    case("softmax", lambda x: F.softmax(x, 0), line(1, -INF, 2), dim=0)


def attention():
    q, k, v = spread((1, 2, 3, 4)), spread((1, 2, 5, 4), 0.6), spread((1, 2, 5, 3), 0.9)
    sdpa = F.scaled_dot_product_attention
    causal = torch.ones(3, 5, dtype=torch.bool).tril()
    case("scaled_dot_product_attention", sdpa, q, k, v)
    case("scaled_dot_product_attention", lambda *x: sdpa(*x, scale=0.25), q, k, v, scale=0.25)
    case(
        "scaled_dot_product_attention", lambda *x: sdpa(*x, attn_mask=causal), q, k, v, causal=True
    )
    for mask in (spread((3, 5), 0.2), causal | (torch.arange(5) == 1)):
        case("scaled_dot_product_attention", lambda q, k, v, m: sdpa(q, k, v, m), q, k, v, mask)

    def weights(q, k, scale=0.5, cap=0.0):
        scores = q @ k.mT * scale
        return F.softmax(cap * torch.tanh(scores / cap) if cap else scores, -1)

    case("attention_weights", weights, q, k, scale=0.5)
    case("attention_weights", lambda q, k: weights(q, k, 0.5, 2.0), q, k, scale=0.5, softcap=2.0)


def rotary():
    def rotate(x, c, s):
        a, b = x[..., :2], x[..., 2:4]
        return torch.cat((a * c - b * s, a * s + b * c, x[..., 4:]), -1)

    def interleaved(x, c, s):
        z = torch.view_as_complex(x[..., :4].unflatten(-1, (2, 2)).contiguous()) * torch.complex(
            c, s
        )
        return torch.cat((torch.view_as_real(z).flatten(-2), x[..., 4:]), -1)

    for f, pairs in ((rotate, False), (interleaved, True)):
        case(
            "rotary_embedding",
            f,
            spread((2, 3, 5)),
            spread((3, 2), 0.3),
            spread((3, 2), 0.8),
            interleaved=pairs,
        )

    def table(positions):
        angles = torch.outer(positions, 10.0 ** (-torch.arange(0, 6, 2) / 6))
        return angles.cos(), angles.sin()

    case("rotary_table", table, line(0, 1, 2, 7), width=6, base=10)


def add_cases():
    for part in (norms, softmaxes, attention, rotary):
        part()
