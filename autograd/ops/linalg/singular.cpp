// The singular value decomposition, as one packed tensor like the factorisations of factor.cpp.
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/list.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"

namespace eps {
namespace {

/// a / b, or 0 where b is 0.
Tensor quotient(const Tensor& a, const Tensor& b) {
    const Tensor none = eq(b, 0.0);
    const Tensor zero = zeros({}, a.options()), one = ones({}, a.options());
    return where(none, zero, a / where(none, one, b));
}

/// Replaces the columns of u [B, m, n] that are 0, those of singular values that are 0, by others
/// orthogonal to the rest. The reflections of a QR do not depend on columns further right.
void complete(Tensor u) {
    const std::int64_t m = u.size(1), n = u.size(2);
    Tensor packed = empty_by_columns({u.size(0), m + n, n}, u.options());
    kernels::qr(packed, u);
    const Tensor signs = main_diagonal(narrow(packed, 1, m, n));
    const Tensor one = ones({}, u.options());
    u.copy_(narrow(packed, 1, 0, m) * unsqueeze(where(signs < 0.0, -one, one), 1));
}

}  // namespace

namespace ops {

/// [B, m + n + 1, n], m >= n: U over V over a row of s.
struct SvdPacked {
    using saves = SaveOutput;
    Tensor forward(const Tensor& a) const {
        const std::int64_t m = a.size(1), n = a.size(2);
        Tensor packed = empty_by_columns({a.size(0), m + n + 1, n}, a.options());
        kernels::svd(packed, a);
        complete(narrow(packed, 1, 0, m));
        return packed;
    }
    // U inner V^T + (I - U U^T) G_U S^-1 V^T, inner_ij = (X_ij s_j + s_i Y_ij) / (s_j^2 - s_i^2)
    // off the diagonal, with X and Y the skew parts U^T G_U - G_U^T U and V^T G_V - G_V^T V. Split
    // as below, it divides by s_j - s_i only X + Y, which is 0 if the loss does not depend on the
    // basis of a subspace.
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const std::int64_t n = g.size(2), m = g.size(1) - n - 1;
        const Tensor packed = context.output();
        const Tensor u = narrow(packed, 1, 0, m), v = narrow(packed, 1, m, n);
        const Tensor s = narrow(packed, 1, m + n, 1);
        const Tensor g_u = narrow(g, 1, 0, m), g_v = narrow(g, 1, m, n);
        const Tensor along_u = matmul(transpose(u), g_u), along_v = matmul(transpose(v), g_v);
        const Tensor x = along_u - transpose(along_u), y = along_v - transpose(along_v);
        const Tensor turn = quotient(x + y, s - transpose(s)) + quotient(x - y, s + transpose(s));
        const Tensor inner = turn * 0.5 + diag_embed(select(g, 1, m + n));
        Tensor left = matmul(u, inner);
        if (m > n) left = left + quotient(g_u - matmul(u, along_u), expand(s, g_u.shape()));
        out[0] = matmul(left, transpose(v));
    }
};

}  // namespace ops

Svd svd(const Tensor& a) {
    const Checker check("svd");
    check_matrices(check, a);
    const std::int64_t m = a.size(-2), n = a.size(-1);
    if (m < n) {
        const Svd tall = svd(transpose(a));
        return {transpose(tall.vt), tall.s, transpose(tall.u)};
    }
    const Shape batch = batch_of(a);
    const Tensor packed = apply(ops::SvdPacked{}, join_batch(a));
    const Tensor s = select(packed, 1, m + n);
    if (const auto bad =
            find_first(detach(s), batch, [](double value) { return std::isnan(value); }))
        check.fail(bad->name, " is not finite, or the iteration does not converge; got ",
                   describe(a));
    return {restore_batch(narrow(packed, 1, 0, m), batch), restore_batch(s, batch),
            transpose(restore_batch(narrow(packed, 1, m, n), batch))};
}

Tensor svdvals(const Tensor& a) {
    check_matrices("svdvals", a);
    return svd(a).s;
}

}  // namespace eps
