// Solving: with triangles, and with the factors of LU.
#include <cmath>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/linalg/cofactors.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/list.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

/// The LU factors of a [.., n, n]. They have no gradient history: the ops that hold them take a as
/// an input, too, and are differentiated in that.
struct Factors {
    Tensor packed;  // [.., n, n]: U, and L below its diagonal
    Tensor order;   // i64 [.., n, 1]: which row of a became row i
};

Factors factors_of(const Tensor& a) {
    NoGrad guard;
    const Shape batch = batch_of(a);
    const Tensor matrices = join_batch(a);
    Tensor packed = empty_by_columns(matrices.shape(), a.options());
    Tensor order = empty({matrices.size(0), matrices.size(1)}, {i64, a.device()});
    kernels::lu(packed, order, matrices);
    return {restore_batch(packed, batch), unsqueeze(restore_batch(order, batch), -1)};
}

/// Factors of matrices that must be regular.
Factors regular_factors_of(const Checker& check, const Tensor& a) {
    const Factors factors = factors_of(a);
    const Tensor pivots = join_batch(unsqueeze(main_diagonal(factors.packed), -2));
    const auto is_zero = [](double pivot) { return pivot == 0; };
    if (const auto bad = find_first(pivots, batch_of(a), is_zero))
        check.fail(bad->name, " is singular; its pivot ", bad->element + 1, " of ", a.size(-1),
                   " is 0");
    return factors;
}

Factors join_batch(const Factors& factors, const Shape& batch) {
    return {join_batch(factors.packed, batch), join_batch(factors.order, batch)};
}

/// The determinant of a permutation, [..]: -1 if the order has an odd number of inversions, else 1.
Tensor parity(const Tensor& order, Options options) {
    const Tensor inverted = triu(to(order > transpose(order), i64), 1);
    const Tensor two = full({}, 2, {i64, options.device});
    return to(1.0 - remainder(sum(inverted, {-2, -1}), two) * 2.0, options.dtype);
}

}  // namespace

namespace ops {

struct TriangularSolve {
    bool upper, unit;
    using saves = SaveInputsAndOutput<0>;
    Tensor forward(const Tensor& a, const Tensor& b) const {  // [B, n, n], [B, n, k]
        Tensor x = raw::clone(b);
        kernels::triangular_solve(x, a, upper, unit);
        return x;
    }
    // dB = A^-T G, and dA = -dB X^T in the triangle that is read
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor db =
            solve_triangular(transpose(context.input(0)), g, {.upper = !upper, .unit = unit});
        if (context.needs(0)) {
            const Tensor da = matmul(db, transpose(context.output()));
            const std::int64_t inset = unit ? 1 : 0;  // a unit diagonal is not read, either
            out[0] = -(upper ? triu(da, inset) : tril(da, -inset));
        }
        if (context.needs(1)) out[1] = db;
    }
};

/// A X = B, or A^T X = B. Derivatives solve with the same factors.
struct Solve {
    Factors saved;
    bool transposed;  // A^T X = B
    using saves = SaveInputsAndOutput<0>;
    Tensor forward(const Tensor&, const Tensor& b) const {
        const Tensor& packed = saved.packed;  // A = P L U
        if (!transposed) {
            Tensor x = permute_rows(b, saved.order);
            kernels::triangular_solve(x, packed, false, true);
            kernels::triangular_solve(x, packed, true, false);
            return x;
        }
        Tensor x = raw::clone(b);  // A^T = U^T L^T P^T
        kernels::triangular_solve(x, transpose(packed), false, false);
        kernels::triangular_solve(x, transpose(packed), true, true);
        return permute_rows(x, argsort(saved.order, 1));
    }
    // dB = A^-T G, dA = -dB X^T
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor db = apply(Solve{saved, !transposed}, context.input(0), g);
        if (context.needs(0))
            out[0] = -(transposed ? matmul(context.output(), transpose(db))
                                  : matmul(db, transpose(context.output())));
        if (context.needs(1)) out[1] = db;
    }
};

/// scale A^-T: scale [B], A [B, n, n]
Tensor scaled_inverse_transpose(const Tensor& scale, const Factors& factors, const Tensor& a) {
    const Tensor identity = expand(eye(a.size(1), a.options()), a.shape());
    const Tensor inverse = apply(Solve{factors, false}, a, identity);
    return unsqueeze(unsqueeze(scale, -1), -1) * transpose(inverse);
}

/// Whether det(a) a^-T and its derivatives keep nearly all digits: the condition numbers of a
/// [B, n, n] in the 1-norm are small, and powers of the inverse do not overflow. Also where a is
/// not finite, so that its cofactors are neither. False on a GPU, where reading would wait.
bool well_conditioned(const Factors& factors, const Tensor& a) {
    if (a.numel() == 0) return true;
    if (a.device().is_cuda()) return false;
    NoGrad guard;
    if (all(isfinite(a)).item() == 0) return true;
    const auto norm1 = [](const Tensor& x) { return max(sum(abs(x), {1}), {1}); };
    const Tensor inverse = scaled_inverse_transpose(ones({a.size(0)}, a.options()), factors, a);
    const Tensor size = norm1(transpose(inverse));
    return all(logical_and(size < 1e8, norm1(a) * size < 1e3)).item() != 0;
}

struct Det {
    Factors saved;
    using saves = SaveInputsAndOutput<0>;
    Tensor forward(const Tensor& a) const {
        return parity(saved.order, a.options()) * prod(main_diagonal(saved.packed), {-1});
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor a = context.input(0);
        out[0] = well_conditioned(saved, a)
                     ? scaled_inverse_transpose(g * context.output(), saved, a)
                     : unsqueeze(unsqueeze(g, -1), -1) * cofactors(a);
    }
};

struct LogAbsDet {
    Factors saved;
    using saves = SaveInputs<0>;
    Tensor forward(const Tensor&) const { return logdet_triangular(saved.packed); }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = scaled_inverse_transpose(g, saved, context.input(0));
    }
};

}  // namespace ops

namespace {

// Dimension `dim` of b is multiplied with a.
void check_right_side(const Checker& check, const Tensor& a, const Tensor& b, int dim) {
    check_square(check, a);
    check_matrices(check, b);
    check(a.dtype() == b.dtype(), "dtypes differ; got a ", a.dtype(), " and b ", b.dtype());
    if (b.size(dim) == a.size(-1)) return;
    const std::string expected =
        dim == -2 ? str("[.., ", a.size(-1), ", k]") : str("[.., k, ", a.size(-1), "]");
    check.fail("shapes do not fit; got a ", a.shape(), " and b ", b.shape(), "; expected b ",
               expected);
}

}  // namespace

Tensor solve_triangular(const Tensor& a, const Tensor& b, const TriangularOptions& options) {
    const Checker check("solve_triangular");
    check_right_side(check, a, b, options.left ? -2 : -1);
    if (!options.left)  // X a = b is a^T X^T = b^T
        return transpose(solve_triangular(transpose(a), transpose(b),
                                          {.upper = !options.upper, .unit = options.unit}));
    const Shape batch = broadcast_shapes(batch_of(a), batch_of(b), check.op);
    const ops::TriangularSolve op{options.upper, options.unit};
    return restore_batch(apply(op, join_batch(a, batch), join_batch(b, batch)), batch);
}

Tensor solve(const Tensor& a, const Tensor& b) {
    if (b.defined() && b.rank() == 1) return squeeze(solve(a, unsqueeze(b, 1)), -1);
    const Checker check("solve");
    check_right_side(check, a, b, -2);
    const Shape batch = broadcast_shapes(batch_of(a), batch_of(b), check.op);
    const ops::Solve op{join_batch(regular_factors_of(check, a), batch), false};
    return restore_batch(apply(op, join_batch(a, batch), join_batch(b, batch)), batch);
}

Tensor inverse(const Tensor& a) {
    const Checker check("inverse");
    check_square(check, a);
    const Shape batch = batch_of(a);
    const ops::Solve op{join_batch(regular_factors_of(check, a), batch), false};
    const Tensor matrices = join_batch(a);
    const Tensor identity = expand(eye(a.size(-1), a.options()), matrices.shape());
    return restore_batch(apply(op, matrices, identity), batch);
}

Tensor det(const Tensor& a) {
    check_square("det", a);
    const Shape batch = batch_of(a);
    const ops::Det op{join_batch(factors_of(a), batch)};
    return restore_batch(apply(op, join_batch(a)), batch);
}

SlogDet slogdet(const Tensor& a) {
    check_square("slogdet", a);
    const Shape batch = batch_of(a);
    const Factors factors = factors_of(a);
    const Tensor pivots = main_diagonal(factors.packed);
    const Tensor signs = parity(factors.order, a.options()) * prod(sign(pivots), {-1});
    const Tensor logs = apply(ops::LogAbsDet{join_batch(factors, batch)}, join_batch(a));
    return {signs, restore_batch(logs, batch)};
}

Tensor logdet(const Tensor& a) {
    const Checker check("logdet");
    check_square(check, a);
    const SlogDet both = slogdet(a);
    return where(both.sign < 0.0, full({}, NAN, a.options()), both.logabsdet);
}

}  // namespace eps
