"""Picking and writing elements by index or mask, running sums, sorting, searching."""

import torch
import torch.nn.functional as F

from cases import INF, NAN, case, index, line, spread

A = spread((3, 4))
V = spread((3, 5, 2))


def picking():
    rows = index([2, 0, 0, 1], [1, 1, 2, 0])
    case("gather", lambda x, i: x.gather(0, i), A, rows, dim=0)
    case("gather", lambda x, i: x.gather(1, i), A, index([3, 3], [0, 1], [2, 2]), dim=1)
    case("gather", lambda x, i: x.gather(0, i), A, index([], [])[:0].reshape(0, 4), dim=0)
    case("index_select", lambda x, i: x.index_select(1, i), V, index(4, 0, 0, 2), dim=1)
    case("embedding", lambda w, i: F.embedding(i, w), A, index([2, 0], [2, 1]), padding_idx=-1)
    case("embedding", lambda w, i: F.embedding(i, w, 2), A, index([2, 0], [2, 1]), padding_idx=2)
    case(
        "gather_nd",
        lambda x, i: x[i[:, 0], i[:, 1]],
        V,
        index([2, 4], [0, 0], [2, 4]),
        batch_dims=0,
    )
    mask = A > 0
    case("masked_fill", lambda x, m: x.masked_fill(m, 2.5), A, mask, value=2.5)
    case("masked_fill", lambda x, m: x.masked_fill(m, -INF), A, mask[:, :1], value="-inf", order=0)
    case("masked_select", lambda x, m: x.masked_select(m), A, mask)
    case("nonzero", lambda x: x.nonzero(), torch.tensor([[0.0, 2, -0.0], [NAN, 0, 1]]))
    case("one_hot", lambda i: F.one_hot(i, 5).double(), index([4, 0], [2, 2]), classes=5)
    values = torch.tensor([2.0, 0.5, 2, -1, 0.5, 0.5])
    unique = lambda x: torch.unique(x, return_inverse=True, return_counts=True)
    case("unique", unique, values.reshape(2, 3), order=0)
    sorted_ = line(-1, 0, 0, 0.5, 2)
    probes = line(-2, -1, 0, 0.25, 2, 3, INF)
    for right in (False, True):
        case(
            "searchsorted",
            lambda s, v: torch.searchsorted(s, v, right=right),
            sorted_,
            probes,
            right=right,
        )
        case(
            "bucketize",
            lambda v, s: torch.bucketize(v, s, right=right),
            probes,
            sorted_,
            right=right,
        )


def writing():
    columns = index([1, 2, 0, 0], [0, 0, 1, 2])
    src = spread((2, 4), 0.9)
    case("scatter", lambda x, i, s: x.scatter(0, i, s), A, columns, src, dim=0)
    case(
        "scatter_add",
        lambda x, i, s: x.scatter_add(0, i, s),
        A,
        index([1, 1, 0, 0], [1, 0, 0, 2]),
        src,
        dim=0,
    )
    for name, places in (("index_add", index(4, 4, 0)), ("index_copy", index(4, 1, 0))):
        written = spread((3, 3, 2), 0.4)
        case(name, lambda x, i, s: getattr(x, name)(1, i, s), V, places, written, dim=1)
    twice = index([1, 1, 0, 0], [1, 0, 0, 2])
    for how in ("sum", "prod", "amax", "amin", "mean"):
        for include in (True, False):
            case(
                "scatter_reduce",
                lambda x, i, s: x.scatter_reduce(0, i, s, how, include_self=include),
                A,
                twice,
                src,
                dim=0,
                how=how,
                include_self=include,
                order=2 if how in ("sum", "mean", "prod") else 1,
            )
    put = lambda x, i, j, v: x.index_put((i, j), v)
    case("index_put", put, V, index(0, 2, 1), index(4, 0, 3), spread((3, 2), 0.4), accumulate=False)
    add = lambda x, i, j, v: x.index_put((i, j), v, accumulate=True)
    case("index_put", add, V, index(0, 0, 1), index(4, 4, 3), spread((3, 2), 0.4), accumulate=True)
    nd = lambda x, i, u: x.index_put((i[:, 0], i[:, 1]), u)
    case("scatter_nd", nd, V, index([0, 1], [2, 4]), spread((2, 2), 0.3))


def scanning():
    for dim in (0, 1, -1):
        case("cumsum", lambda x: x.cumsum(dim), V, dim=dim, reverse=False)
        case("cumprod", lambda x: x.cumprod(dim), V, dim=dim)
    case("cumsum", lambda x: x.flip(1).cumsum(1).flip(1), V, dim=1, reverse=True)
    case("cumsum", lambda x: x.cumsum(0), torch.zeros(0, 2), dim=0, reverse=False)
    case("cumprod", lambda x: x.cumprod(0), line(2, 0, 3, 0, 5), dim=0)
    ties = torch.tensor([[2.0, 1, 2, 0], [1, 1, 1, 1]])
    for x in (A, ties):
        for dim, descending in ((0, False), (1, True), (-1, False)):
            ordered = lambda x: torch.sort(x, dim=dim, descending=descending, stable=True)
            case("sort", ordered, x, dim=dim, descending=descending)
            case("argsort", lambda x: ordered(x)[1], x, dim=dim, descending=descending)
    case(
        "sort",
        lambda x: torch.sort(x, dim=0, stable=True),
        line(3, NAN, INF, -INF),
        dim=0,
        descending=False,
        order=0,
    )
    for k, largest in ((2, True), (3, False), (0, True)):
        case("topk", lambda x: x.topk(k, 1, largest), V, k=k, dim=1, largest=largest)


def add_cases():
    for part in (picking, writing, scanning):
        part()
