"""Views, joining, rearranging, reductions and elementwise compositions."""

import torch
import torch.nn.functional as F

from cases import INF, NAN, between, case, line, spread

A = spread((2, 3, 4))
B = spread((2, 3, 4), 0.6)
EMPTY = torch.zeros(2, 0, 3)


def views():
    case("reshape", lambda x: x.reshape(4, -1), A, shape=[4, -1])
    case("reshape", lambda x: x.reshape(0, 5), torch.zeros(2, 0), shape=[0, 5])
    case("flatten", lambda x: x.flatten(1, 2), A, start=1, end=2)
    case("permute", lambda x: x.permute(2, 0, 1), A, dims=[2, 0, 1])
    case("transpose", lambda x: x.transpose(0, 2), A, dim0=0, dim1=2)
    case("transpose", lambda x: x.transpose(-2, -1), EMPTY, dim0=-2, dim1=-1)
    case("expand", lambda x: x.expand(3, 2, 4), spread((2, 1)), shape=[3, 2, 4])
    case("expand", lambda x: x.expand(0, 2), spread((2,)), shape=[0, 2])
    case("squeeze", lambda x: x.squeeze(1), spread((2, 1, 3)), dim=1)
    case("unsqueeze", lambda x: x.unsqueeze(-1), A, dim=-1)
    case("slice", lambda x: x[:, 1:-1], A, dim=1, start=1, end=-1, step=1)
    case("slice", lambda x: x[..., 0:9:3], A, dim=2, start=0, end=9, step=3)
    case("slice", lambda x: x[2:1], A, dim=0, start=2, end=1, step=1)
    case("narrow", lambda x: x.narrow(2, 1, 2), A, dim=2, start=1, length=2)
    case("select", lambda x: x.select(1, -1), A, dim=1, index=-1)
    for offset, dims in ((0, (0, 1)), (1, (2, 1)), (-1, (0, 2))):
        case(
            "diagonal",
            lambda x: x.diagonal(offset, *dims),
            A,
            offset=offset,
            dim0=dims[0],
            dim1=dims[1],
        )
    case("contiguous", lambda x: x.contiguous() * 1, A)
    case("clone", torch.clone, A)
    case("to", lambda x: x.to(torch.float32), A, dtype="f32")
    case("to", lambda x: x.to(torch.int64), line(-1.5, 2.75, 0), dtype="i64")
    case("to", lambda x: x.to(torch.bool), line(0, -0.0, 0.5, NAN), dtype="bool")
    base = torch.zeros(3, 7)
    case(
        "slice_backward",
        lambda x: torch.slice_scatter(base, x, 1, 1, 7, 2),
        spread((3, 3)),
        shape=[3, 7],
        dim=1,
        start=1,
        step=2,
    )
    zeros = torch.zeros(2, 4, 3)
    case(
        "diagonal_backward",
        lambda x: torch.diagonal_scatter(zeros, x, -1, 1, 2),
        spread((2, 3)),
        shape=[2, 4, 3],
        offset=-1,
        dim0=1,
        dim1=2,
    )


def joining():
    case(
        "concat", lambda *x: torch.cat(x, 1), A, spread((2, 1, 4), 0.8), torch.zeros(2, 0, 4), dim=1
    )
    case("concat", lambda *x: torch.cat(x, -1), A, B, A, dim=-1)
    case("stack", lambda *x: torch.stack(x, 1), A, B, dim=1)
    case("split", lambda x: x.split(3, 2), A, size=3, dim=2)
    case("split", lambda x: x.split([1, 0, 2], 1), A, sizes=[1, 0, 2], dim=1)
    case("tile", lambda x: x.repeat(2, 1, 3), spread((2, 2)), reps=[2, 1, 3])
    case("repeat_interleave", lambda x: x.repeat_interleave(3, 1), A, repeats=3, dim=1)
    case("meshgrid", lambda *x: torch.meshgrid(*x, indexing="ij"), spread((2,)), spread((3,), 1.0))
    case("flip", lambda x: x.flip(0, 2), A, dims=[0, 2])
    case("roll", lambda x: x.roll((1, -2), (0, 2)), A, shifts=[1, -2], dims=[0, 2])
    case("roll", lambda x: x.roll(9, 1), A, shifts=[9], dims=[1])
    case("pixel_shuffle", lambda x: F.pixel_shuffle(x, 2), spread((2, 8, 2, 3)), factor=2)
    case("pixel_unshuffle", lambda x: F.pixel_unshuffle(x, 3), spread((1, 2, 3, 6)), factor=3)
    for k in (0, 1, -2):
        case("tril", lambda x: x.tril(k), A, diagonal=k)
        case("triu", lambda x: x.triu(k), A, diagonal=k)
    case("unfold", lambda x: x.unfold(1, 3, 2), spread((2, 7, 2)), dim=1, size=3, step=2)
    case("unfold", lambda x: x.unfold(0, 0, 1), spread((2, 2)), dim=0, size=0, step=1)


def padding():
    case(
        "pad",
        lambda x: F.pad(x, (1, 2, 0, 1), value=1.5),
        A,
        before=[0, 0, 1],
        after=[0, 1, 2],
        value=1.5,
    )
    case("pad", lambda x: F.pad(x, (2, 1)), torch.zeros(2, 0), before=[0, 2], after=[0, 1])
    image = spread((1, 2, 4, 5))
    for mode in ("reflect", "replicate", "circular"):
        case(
            "pad",
            lambda x: F.pad(x, (2, 1, 3, 0), mode=mode),
            image,
            before=[0, 0, 3, 2],
            after=[0, 0, 0, 1],
            mode=mode,
        )


TIES = torch.tensor([[1.0, 3, 3, 0], [2, 2, 2, 2], [-1, 0, 0, -5]])
ZEROS = torch.tensor([[1.5, 0, 2, -1], [0, 0, 3, 1], [2, -1, 0.5, 4]])


def reductions():
    choices = ([], [0], [-1], [0, 2], [1])
    names = dict(sum=torch.sum, mean=torch.mean, max=torch.amax, min=torch.amin)
    for name, f in names.items():
        for dims in choices:
            for keepdim in (False, True):
                every = dims or [0, 1, 2]
                case(name, lambda x: f(x, every, keepdim), A, dims=dims, keepdim=keepdim)
        case(name, lambda x: f(x, [1]), TIES, dims=[1], keepdim=False)
        case(name, lambda x: f(x, [0, 1]), TIES, dims=[], keepdim=False)
        case(name, lambda x: f(x, [0]), line(1, NAN, 3), dims=[0], keepdim=False, order=0)
    case("sum", lambda x: x.sum(1), EMPTY, dims=[1], keepdim=False)
    case("sum", lambda x: x.sum(), spread(()), dims=[], keepdim=False)
    case("mean", lambda x: x.mean(1), EMPTY, dims=[1], keepdim=False, order=0)
    case("sum_to", lambda x: x.sum_to_size(3, 1), A, shape=[3, 1])
    for x in (A, ZEROS, TIES, EMPTY):
        case("prod", lambda x: x.prod(1), x, dims=[1], keepdim=False)
        case("prod", lambda x: x.prod(), x, dims=[], keepdim=False)
        case("prod", lambda x: x.prod(-1, True), x, dims=[-1], keepdim=True)
    for dims in ([0], [0, 2], [2]):
        case("logsumexp", lambda x: x.logsumexp(dims), A * 4, dims=dims, keepdim=False)
    case("logsumexp", lambda x: x.logsumexp(0), line(800, 799, -INF), dims=[0], keepdim=False)
    case("logsumexp", lambda x: x.logsumexp(0), line(-INF, -INF), dims=[0], keepdim=False, order=0)
    for name, f in (("var", torch.var), ("stddev", torch.std)):
        for dims, correction in (([0, 2], 1), ([2], 0), ([0, 1, 2], 1.5)):
            case(
                name,
                lambda x: f(x, dims, correction=correction, keepdim=True),
                A,
                dims=dims,
                correction=correction,
                keepdim=True,
            )
    case("var", lambda x: x.var(0), line(2, 2, 2), dims=[0], keepdim=False, correction=1)
    case(
        "stddev", lambda x: x.std(0), line(2, 2, 2), dims=[0], keepdim=False, correction=1, order=1
    )
    for dim in (0, 1, -1):
        for name, f in (("argmax", torch.argmax), ("argmin", torch.argmin)):
            case(name, lambda x: f(x, dim, False), A, dim=dim, keepdim=False)
    case("argmax", lambda x: x.argmax(0), line(1, NAN, 3, NAN), dim=0, keepdim=False)
    for dims in ([0], [1], [2]):
        case("any", lambda x: (x > 1).to(x).any(dims[0]), A, dims=dims, keepdim=False, greater=1)
        case("all", lambda x: (x > -1).to(x).all(dims[0]), A, dims=dims, keepdim=False, greater=-1)


def norms():
    vector_norm = torch.linalg.vector_norm
    for p in (0, 0.5, 1, 1.5, 2, 3, 7, INF, -INF, -1, -2.5):
        text = str(p) if abs(p) == INF else p
        for dims, keepdim in (([1], False), ([0, 2], True), ([], False)):
            case(
                "norm",
                lambda x: vector_norm(x, p, dims or None, keepdim),
                A,
                p=text,
                dims=dims,
                keepdim=keepdim,
            )
    case("norm", lambda x: vector_norm(x, 2), torch.zeros(3), p=2, dims=[], keepdim=False, order=1)
    case("norm", lambda x: vector_norm(x, 2, 1), EMPTY, p=2, dims=[1], keepdim=False, order=1)
    case("norm", lambda x: vector_norm(x, INF, 1), TIES, p="inf", dims=[1], keepdim=False)
    for p, dim in ((2, 1), (1, 0), (3, -1)):
        case("normalize", lambda x: F.normalize(x, p, dim), A, p=p, dim=dim, epsilon=1e-12)
    case(
        "normalize", lambda x: F.normalize(x, 2, 0, 0.5), line(0.125, 0.25), p=2, dim=0, epsilon=0.5
    )
    a, b = spread((2, 3, 4)), spread((2, 5, 4), 0.7)
    for p in (1, 2, 3, INF):
        text = str(p) if p == INF else p
        direct = lambda a, b: vector_norm(a.unsqueeze(-2) - b.unsqueeze(-3), p, -1)
        case("cdist", direct, a, b, p=text)


def elements():
    for eps in (None, 0.25):
        case("logit", lambda x: torch.logit(x, eps), between((2, 5), 0.05, 0.95), epsilon=eps or 0)
    case(
        "nan_to_num",
        lambda x: x.nan_to_num(0.5, 7, -8),
        line(1, NAN, INF, -INF),
        nan=0.5,
        posinf=7,
        neginf=-8,
    )
    a, d = line(7, -7, 7, -7, 6, -6, 0.875, -0.25), line(2, 2, -2, -2, 3, 3, 0.125, 0.125)
    for mode in ("trunc", "floor"):
        case("div", lambda a, b: torch.div(a, b, rounding_mode=mode), a, d, rounding=mode)
    x, lo, hi = spread((2, 3)), spread((3,), 0.4, 0.5, -0.5), spread((2, 1), 0.9, 0.5, 0.5)
    case("clamp", torch.clamp, x, lo, hi, tensors=True)
    case(
        "clamp",
        torch.clamp,
        line(1, 2, 3, 0),
        line(1, 3, 1, 4),
        line(2, 3, 3, 1),
        order=0,
        tensors=True,
    )
    case("softplus", lambda x: F.softplus(x, 3, 1e9), A, beta=3)


def add_cases():
    for part in (views, joining, padding, reductions, norms, elements):
        part()
