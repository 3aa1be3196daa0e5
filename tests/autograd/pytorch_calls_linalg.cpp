// The calls of the cases of tests/golden/oracle/linalg.py. Matrices are made regular as there.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/einsum.h"
#include "autograd/ops/linalg/fourier.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tests/autograd/pytorch_oracle.h"

namespace eps::test {
namespace {

Tensor symmetric(const Tensor& x) {
    return matmul(x, transpose(x)) + 3.0 * eye(x.size(-1), x.options());
}

Tensor spaced(const Tensor& x) {
    return x + transpose(x) + diag(tensor({0, 12, 24}, {3}, {.dtype = x.dtype()}));
}

Tensor transformed(const OracleCall& c) {
    DftOptions options{.inverse = c.flag("inverse"), .onesided = c.flag("onesided")};
    if (c.has("length")) options.length = c.integer("length");
    return dft(c[0], options);
}

Tensor norm_of(const OracleCall& c) {
    if (!c.has("kind")) return matrix_norm(c[0], c.number("p", 0), c.flag("keepdim"));
    const bool nuclear = c.text("kind") == "nuc";
    return matrix_norm(c[0], nuclear ? MatrixNorm::nuclear : MatrixNorm::frobenius,
                       c.flag("keepdim"));
}

}  // namespace

OracleTable linalg_calls() {
    return {
        EPS_CALL("matmul", matmul(c[0], c[1])),
        EPS_CALL("linear", linear(c[0], c[1], c[2])),
        EPS_CALL("einsum", einsum(c.text("equation"), c.inputs)),
        EPS_CALL("cholesky", cholesky(symmetric(c[0]))),
        {"lu",
         [](const OracleCall& c) -> Outputs {
             const Lu f = lu(c[0]);
             if (c.has("only")) return {f.p};
             return {f.l, f.u};
         }},
        {"svd",
         [](const OracleCall& c) -> Outputs {
             const Svd f = svd(c[0]);
             return {square(f.u), f.s, square(f.vt), matmul(f.u, f.vt)};
         }},
        EPS_CALL("svdvals", svdvals(c[0])),
        EPS_CALL("matrix_norm", norm_of(c)),
        {"qr",
         [](const OracleCall& c) -> Outputs {
             const Qr f = qr(c[0]);
             return {f.q, f.r};
         }},
        {"eigh",
         [](const OracleCall& c) -> Outputs {
             const Eigh e = eigh(spaced(c[0]));
             return {e.eigenvalues, square(e.eigenvectors)};
         }},
        EPS_CALL("solve", solve(c[0], c[1])),
        EPS_CALL("solve_triangular",
                 solve_triangular(
                     c[0], c[1],
                     {.upper = c.flag("upper"), .left = c.flag("left"), .unit = c.flag("unit")})),
        EPS_CALL("inverse", inverse(c[0])),
        EPS_CALL("det", det(c[0])),
        {"slogdet",
         [](const OracleCall& c) -> Outputs {
             const SlogDet d = slogdet(c[0]);
             return {d.sign, d.logabsdet};
         }},
        EPS_CALL("logdet", logdet(c[0])),
        EPS_CALL("logdet_triangular", logdet_triangular(tril(c[0]))),
        EPS_CALL("trace", trace(c[0])),
        EPS_CALL("diag", diag(c[0], c.integer("offset"))),
        EPS_CALL("diag_embed", diag_embed(c[0], c.integer("offset"))),
        EPS_CALL("dft", transformed(c)),
        EPS_CALL("stft", stft(c[0], c.integer("n_fft"),
                              {.hop_length = c.integer("hop"),
                               .window = c[1],
                               .center = c.flag("center"),
                               .normalized = c.flag("normalized"),
                               .onesided = c.flag("onesided")})),
    };
}

}  // namespace eps::test
