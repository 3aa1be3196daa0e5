// Factorisations. An op has one output: those with two results compute one packed tensor, of which
// the results are views, so backward receives one gradient packed in the same way.
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps {
namespace {

Tensor symmetric_part(const Tensor& x) { return (x + transpose(x)) * 0.5; }

}  // namespace

namespace ops {

struct Cholesky {
    using saves = SaveOutput;
    Tensor forward(const Tensor& a) const {  // [B, n, n]
        Tensor l = empty(a.shape(), a.options());
        kernels::cholesky(l, a);
        return l;
    }
    // L^-T phi(L^T G) L^-1, where phi keeps the lower triangle with half of the diagonal.
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor l = context.output();
        const Tensor s = matmul(transpose(l), g);
        const Tensor phi = (tril(s) + tril(s, -1)) * 0.5;
        const Tensor left = solve_triangular(transpose(l), phi, {.upper = true});
        out[0] = symmetric_part(solve_triangular(l, left, {.left = false}));
    }
};

/// [B, m, n], m >= n: U, and L below its diagonal.
struct LuPacked {
    Tensor permutation;  // i64 [B, m], written by forward
    using saves = SaveOutput;
    Tensor forward(const Tensor& a) {
        Tensor packed = empty_by_columns(a.shape(), a.options());
        kernels::lu(packed, permutation, a);
        return packed;
    }
    // With the rows below n, of which L has L_2 and G has G_2, and the others L_1 and G_1:
    //     P [ L_1^-T (strictly lower(L_1^T G_1) + upper(G_1 U^T - L_2^T G_2)) ] U^-T
    //       [ G_2                                                             ]
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const std::int64_t m = g.size(1), n = g.size(2);
        const Tensor packed = context.output();
        const Tensor top = narrow(packed, 1, 0, n), below = narrow(packed, 1, n, m - n);
        const Tensor g_top = narrow(g, 1, 0, n), g_below = narrow(g, 1, n, m - n);
        const Tensor u = triu(top), l = tril(top, -1) + eye(n, packed.options());
        Tensor upper = matmul(g_top, transpose(u));
        if (m > n) upper = upper - matmul(transpose(below), g_below);
        const Tensor inner = tril(matmul(transpose(l), g_top), -1) + triu(upper);
        Tensor left = solve_triangular(transpose(l), inner, {.upper = true, .unit = true});
        if (m > n) left = concat({left, g_below}, 1);
        const Tensor rows = solve_triangular(transpose(u), left, {.left = false});
        out[0] = permute_rows(rows, unsqueeze(argsort(permutation, 1), 2));
    }
};

/// [B, m + n, n]: Q over R.
struct QrPacked {
    using saves = SaveOutput;
    Tensor forward(const Tensor& a) const {
        Tensor packed =
            empty_by_columns({a.size(0), a.size(1) + a.size(2), a.size(2)}, a.options());
        kernels::qr(packed, a);
        return packed;
    }
    // (G_Q + Q copyltu(M)) R^-T with M = R G_R^T - G_Q^T Q; copyltu mirrors the lower triangle.
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const std::int64_t n = g.size(2);
        const std::int64_t m = g.size(1) - n;
        const Tensor packed = context.output();
        const Tensor q = narrow(packed, 1, 0, m), r = narrow(packed, 1, m, n);
        const Tensor g_q = narrow(g, 1, 0, m), g_r = narrow(g, 1, m, n);
        const Tensor inner = matmul(r, transpose(g_r)) - matmul(transpose(g_q), q);
        const Tensor mirrored = tril(inner) + transpose(tril(inner, -1));
        out[0] = solve_triangular(transpose(r), g_q + matmul(q, mirrored), {.left = false});
    }
};

/// [B, n + 1, n]: V over a row of w.
struct EighPacked {
    using saves = SaveOutput;
    Tensor forward(const Tensor& a) const {
        Tensor packed = empty_by_columns({a.size(0), a.size(1) + 1, a.size(1)}, a.options());
        kernels::eigh(packed, a);
        return packed;
    }
    // V (diag(g_w) + F * V^T G_V) V^T with F_ij = 1 / (w_j - w_i), or 0 where they are equal.
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const std::int64_t n = g.size(2);
        const Tensor packed = context.output();
        const Tensor v = narrow(packed, 1, 0, n), w = narrow(packed, 1, n, 1);
        const Tensor gaps = w - transpose(w);
        const Tensor equal = eq(gaps, 0.0);
        const Tensor zero = zeros({}, g.options()), one = ones({}, g.options());
        const Tensor turn =
            where(equal, zero, matmul(transpose(v), narrow(g, 1, 0, n)) / where(equal, one, gaps));
        const Tensor inner = turn + diag_embed(select(g, 1, n));
        out[0] = symmetric_part(matmul(matmul(v, inner), transpose(v)));
    }
};

}  // namespace ops

namespace {

bool is_nan(double x) { return std::isnan(x); }

}  // namespace

Tensor cholesky(const Tensor& a) {
    const Checker check("cholesky");
    check_square(check, a);
    const Shape batch = batch_of(a);
    const Tensor l = apply(ops::Cholesky{}, join_batch(a));
    if (const auto bad = find_first(main_diagonal(detach(l)), batch, is_nan))
        check.fail(bad->name, " is not positive definite; its leading minor of order ",
                   bad->element + 1, " of ", a.size(-1),
                   " is not positive; hint: add a small multiple of the identity");
    return restore_batch(l, batch);
}

Lu lu(const Tensor& a) {
    check_matrices("lu", a);
    const Shape batch = batch_of(a);
    const std::int64_t m = a.size(-2), n = a.size(-1);
    if (m < n) {  // the first m columns decide; the others are solved for
        const Lu square = lu(narrow(a, -1, 0, m));
        const Tensor rest = matmul(transpose(square.p), narrow(a, -1, m, n - m));
        const Tensor solved = solve_triangular(square.l, rest, {.unit = true});
        return {square.p, square.l, concat({square.u, solved}, -1)};
    }
    const Options whole{i64, a.device()};
    const Tensor permutation =  // no column leaves the order as it is
        n > 0 ? empty({numel(batch), m}, whole)
              : expand(arange(0, static_cast<double>(m), 1, whole), {numel(batch), m});
    const Tensor packed = restore_batch(apply(ops::LuPacked{permutation}, join_batch(a)), batch);
    const Tensor identity = eye(m, a.options());
    // The permutation orders the rows of a; p is the inverse of that, its transpose.
    const Tensor rows =
        permute_rows(expand(identity, {numel(batch), m, m}), unsqueeze(permutation, 2));
    return {transpose(restore_batch(rows, batch)), tril(packed, -1) + narrow(identity, 1, 0, n),
            triu(narrow(packed, -2, 0, n))};
}

Qr qr(const Tensor& a) {
    check_matrices("qr", a);
    const std::int64_t m = a.size(-2), n = a.size(-1);
    if (m < n) {  // q comes from the first m columns; the others are q times the rest of r
        const Qr square = qr(narrow(a, -1, 0, m));
        const Tensor rest = matmul(transpose(square.q), narrow(a, -1, m, n - m));
        return {square.q, concat({square.r, rest}, -1)};
    }
    const Tensor packed = restore_batch(apply(ops::QrPacked{}, join_batch(a)), batch_of(a));
    return {narrow(packed, -2, 0, m), narrow(packed, -2, m, n)};
}

Eigh eigh(const Tensor& a) {
    const Checker check("eigh");
    check_square(check, a);
    const Shape batch = batch_of(a);
    const std::int64_t n = a.size(-1);
    const Tensor packed = apply(ops::EighPacked{}, join_batch(a));
    const Tensor w = select(packed, 1, n);
    if (const auto bad = find_first(detach(w), batch, is_nan))
        check.fail(bad->name, " is not finite, or the iteration does not converge; got ",
                   describe(a));
    return {restore_batch(w, batch), restore_batch(narrow(packed, 1, 0, n), batch)};
}

}  // namespace eps
