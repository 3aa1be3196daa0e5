"""Products, factorisations, solving, determinants, Fourier transforms. Functions make their
matrices regular themselves; what has no fixed sign is squared."""

import torch
import torch.nn.functional as F

from cases import INF, case, spread

L = torch.linalg
M = spread((2, 3, 3))
DOMINANT = M + 4 * torch.eye(3)
# Elimination exchanges rows.
PIVOTING = M + 6 * torch.eye(3).roll(1, 0)


def products():
    shapes = (
        ((2, 3), (3, 4)),
        ((3,), (3,)),
        ((2, 3), (3,)),
        ((3,), (3, 2)),
        ((2, 1, 2, 3), (2, 3, 2)),
        ((2, 0), (0, 3)),
        ((0, 3), (3, 2)),
    )
    for a, b in shapes:
        case("matmul", torch.matmul, spread(a), spread(b, 0.8))
    case("linear", F.linear, spread((2, 3, 4)), spread((5, 4), 0.8), spread((5,), 0.3))
    case("linear", F.linear, spread((4,)), spread((5, 4), 0.8))
    for equation, shapes in (
        ("bij,bjk->bik", ((2, 3, 2), (2, 2, 3))),
        ("ii->", ((3, 3),)),
        ("...ij->...ji", ((2, 2, 3),)),
        ("i,j,ij->", ((2,), (3,), (2, 3))),
        ("ab,cb", ((2, 3), (4, 3))),
        ("iij->ij", ((3, 3, 2),)),
    ):
        inputs = [spread(s, 0.1 + k) for k, s in enumerate(shapes)]
        case("einsum", lambda *x: torch.einsum(equation, *x), *inputs, equation=equation)


RECTANGLES = ((4, 2), (2, 4), (2, 4, 3), (2, 2, 4), (3, 1), (1, 3))


def distinct(shape):
    """Singular values that lie apart, and pivots off the diagonal."""
    k = min(shape[-2:])
    steps = torch.zeros(shape[-2:])
    steps.diagonal()[:] = 2 * torch.arange(1, k + 1)
    return spread(shape, 0.4) + steps.flip(0)


def symmetric(x):
    return x @ x.mT + 3 * torch.eye(3)


def spaced(x):
    return x + x.mT + torch.diag(torch.tensor([0.0, 12, 24]))


def factorisations():
    case("cholesky", lambda x: L.cholesky(symmetric(x)), M)
    case("lu", lambda x: L.lu(x)[1:], PIVOTING)
    case("lu", lambda x: L.lu(x)[0], PIVOTING, order=0, only="p")
    for shape in RECTANGLES:
        case("lu", lambda x: L.lu(x)[1:], distinct(shape))
        case("lu", lambda x: L.lu(x)[0], distinct(shape), order=0, only="p")
    for shape in ((2, 4, 3), (3, 3), (2, 4), (3, 1)):
        case("qr", lambda x: L.qr(x), spread(shape) + 2 * torch.eye(*shape[-2:]))

    def eigh(x):
        w, v = L.eigh(spaced(x))
        return w, v * v

    case("eigh", eigh, M, digits=1)


def singular_values():
    def svd(x):
        u, s, vt = L.svd(x, full_matrices=False)
        return u * u, s, vt * vt, u @ vt

    for shape in (*RECTANGLES, (3, 3)):
        case("svd", svd, distinct(shape), digits=1)
        case("svdvals", L.svdvals, distinct(shape), digits=1)
        for p in ("fro", "nuc", 1, -1, 2, -2, INF, -INF):
            for keepdim in (False, True):
                order = p if p in (1, -1, 2, -2) else str(p)
                name = dict(kind=p) if p in ("fro", "nuc") else dict(p=order)
                f = lambda x: L.matrix_norm(x, p, keepdim=keepdim)
                case("matrix_norm", f, distinct(shape), digits=1, keepdim=keepdim, **name)
    # Equal sums and equal singular values share the gradient.
    for p in (1, INF, 2, -2):
        same = str(p) if p == INF else p
        case("matrix_norm", lambda x: L.matrix_norm(x, p), 2 * torch.eye(3), p=same, order=1)
    # Of rank 1: which subgradient the nuclear norm has depends on the SVD.
    flat = torch.tensor([[1.0, 2, 2], [2, 4, 4]])
    for kind in ("fro", "nuc"):
        case("matrix_norm", lambda x: L.matrix_norm(x, kind), flat, kind=kind, order=0)
    case("svdvals", L.svdvals, torch.zeros(2, 0, 3), order=1)
    empty = torch.zeros(2, 0, 3)
    for kind in ("fro", "nuc"):
        case("matrix_norm", lambda x: L.matrix_norm(x, kind), empty, kind=kind, order=1)


def solving():
    b = spread((2, 3, 2), 0.4)
    case("solve", L.solve, PIVOTING, b)
    case("solve", L.solve, PIVOTING[0], spread((3,), 0.4))
    case("solve", L.solve, PIVOTING[0], b)
    for upper in (False, True):
        for left in (False, True):
            for unit in (False, True):
                case(
                    "solve_triangular",
                    lambda a, b: L.solve_triangular(
                        a, b, upper=upper, left=left, unitriangular=unit
                    ),
                    DOMINANT,
                    b if left else b.mT.contiguous(),
                    upper=upper,
                    left=left,
                    unit=unit,
                )
    case("inverse", L.inv, PIVOTING)
    case("det", L.det, PIVOTING)
    case("det", L.det, spread((1, 1)))
    case("det", L.det, torch.zeros(2, 0, 0), order=0)
    case("det", L.det, torch.tensor([[1.0, 2, 3], [2, 4, 6], [1, 0, 1]]))
    case("slogdet", lambda x: tuple(L.slogdet(x)), PIVOTING)
    case("logdet", lambda x: torch.logdet(x), DOMINANT)
    triangular = lambda a: a.tril().diagonal(0, -2, -1).abs().log().sum(-1)
    case("logdet_triangular", triangular, DOMINANT)
    case("trace", lambda x: x.diagonal(0, -2, -1).sum(-1), spread((2, 3, 4)))
    for offset in (0, 2, -1):
        case("diag", lambda x: torch.diag(x, offset), spread((3, 4)), offset=offset)
        case("diag", lambda x: torch.diag(x, offset), spread((3,)), offset=offset)
        case("diag_embed", lambda x: torch.diag_embed(x, offset), spread((2, 3)), offset=offset)


def transforms():
    parts = torch.view_as_real
    for n in (4, 6, 7):
        x = spread((2, n, 2))
        case("dft", lambda x: parts(torch.fft.fft(torch.view_as_complex(x))), x)
        case("dft", lambda x: parts(torch.fft.ifft(torch.view_as_complex(x))), x, inverse=True)
        case("dft", lambda x: parts(torch.fft.rfft(x[..., 0])), spread((2, n, 1)), onesided=True)
    case(
        "dft",
        lambda x: parts(torch.fft.fft(torch.view_as_complex(x), 9)),
        spread((2, 6, 2)),
        length=9,
    )

    for center, normalized, onesided in (
        (True, False, True),
        (False, True, True),
        (True, True, False),
    ):

        def stft(x, w):
            return parts(
                torch.stft(
                    x,
                    6,
                    2,
                    window=w,
                    center=center,
                    normalized=normalized,
                    onesided=onesided,
                    return_complex=True,
                )
            )

        case(
            "stft",
            stft,
            spread((2, 13)),
            spread((6,), 0.3),
            n_fft=6,
            hop=2,
            center=center,
            normalized=normalized,
            onesided=onesided,
        )


def add_cases():
    for part in (products, factorisations, singular_values, solving, transforms):
        part()
