// Solving: with triangles, and with the factors of LU.
#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/list.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/linalg/matrices.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

/// What LU found out about a [.., n, n]: U with L below its diagonal, and the order [.., n, 1] of
/// a's rows. Numbers without a history: ops that keep them are functions of a.
struct Factors {
    Tensor packed, order;
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

/// Factors of matrices that are inverted.
Factors regular_factors_of(const char* op, const Tensor& a) {
    const Factors factors = factors_of(a);
    const Shape batch = batch_of(a);
    if (const auto bad = find_first(join_batch(unsqueeze(main_diagonal(factors.packed), -2)), batch,
                                    [](double pivot) { return pivot == 0; }))
        fail(op, bad->matrix, " is singular; its pivot ", bad->place + 1, " of ", a.size(-1),
             " is 0");
    return factors;
}

Factors join_batch(const Factors& factors, const Shape& batch) {
    return {join_batch(factors.packed, batch), join_batch(factors.order, batch)};
}

/// -1 where the order has an odd number of inversions: the determinant of the permutation, [..].
Tensor parity(const Tensor& order, Options options) {
    const Tensor inverted = triu(to(order > transpose(order), i64), 1);
    return to(1.0 - remainder(sum(inverted, {-2, -1}), full({}, 2, {i64, options.device})) * 2.0,
              options.dtype);
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
    // dB = A^-T G, dA = -dB X^T where A is read
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor db =
            solve_triangular(transpose(context.input(0)), g, {.upper = !upper, .unit = unit});
        if (context.needs(0)) {
            const Tensor da = matmul(db, transpose(context.output()));
            out[0] = -(upper ? triu(da, unit ? 1 : 0) : tril(da, unit ? -1 : 0));
        }
        if (context.needs(1)) out[1] = db;
    }
};

/// A X = B, or A^T X = B. Derivatives solve with the same factors.
struct Solve {
    Factors kept;
    bool transposed;
    using saves = SaveInputsAndOutput<0>;
    Tensor forward(const Tensor&, const Tensor& b) const {
        const Tensor& packed = kept.packed;
        if (!transposed) {  // A = P L U
            Tensor x = permute_rows(b, kept.order);
            kernels::triangular_solve(x, packed, false, true);
            kernels::triangular_solve(x, packed, true, false);
            return x;
        }
        Tensor x = raw::clone(b);
        kernels::triangular_solve(x, transpose(packed), false, false);
        kernels::triangular_solve(x, transpose(packed), true, true);
        return permute_rows(x, argsort(kept.order, 1));
    }
    // dB = A^-T G, dA = -dB X^T
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        const Tensor db = apply(Solve{kept, !transposed}, context.input(0), g);
        if (context.needs(0))
            out[0] = -(transposed ? matmul(context.output(), transpose(db))
                                  : matmul(db, transpose(context.output())));
        if (context.needs(1)) out[1] = db;
    }
};

/// scale A^-T: scale [B], A [B, n, n]
Tensor scaled_adjoint_inverse(const Tensor& scale, const Factors& factors, const Tensor& a) {
    const Tensor inverse =
        apply(Solve{factors, false}, a, expand(eye(a.size(1), a.options()), a.shape()));
    return unsqueeze(unsqueeze(scale, -1), -1) * transpose(inverse);
}

struct Det {
    Factors kept;
    using saves = SaveInputsAndOutput<0>;
    Tensor forward(const Tensor& a) const {
        return parity(kept.order, a.options()) * prod(main_diagonal(kept.packed), {-1});
    }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = scaled_adjoint_inverse(g * context.output(), kept, context.input(0));
    }
};

struct LogAbsDet {
    Factors kept;
    using saves = SaveInputs<0>;
    Tensor forward(const Tensor&) const { return logdet_triangular(kept.packed); }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = scaled_adjoint_inverse(g, kept, context.input(0));
    }
};

}  // namespace ops

namespace {

// b, whose dimension `dim` meets a.
void check_right_side(const char* op, const Tensor& a, const Tensor& b, int dim) {
    check_square(op, a);
    check_matrices(op, b);
    check(a.dtype() == b.dtype(), op, "dtypes differ; got a ", a.dtype(), " and b ", b.dtype());
    check(b.size(dim) == a.size(-1), op, "shapes do not fit; got a ", a.shape(), " and b ",
          b.shape(), "; expected b ",
          dim == -2 ? str("[.., ", a.size(-1), ", k]") : str("[.., k, ", a.size(-1), "]"));
}

}  // namespace

Tensor solve_triangular(const Tensor& a, const Tensor& b, const TriangularOptions& options) {
    const char* const op = "solve_triangular";
    check_right_side(op, a, b, options.left ? -2 : -1);
    if (!options.left)
        return transpose(solve_triangular(transpose(a), transpose(b),
                                          {.upper = !options.upper, .unit = options.unit}));
    const Shape batch = broadcast_shapes(batch_of(a), batch_of(b), op);
    return restore_batch(apply(ops::TriangularSolve{options.upper, options.unit},
                               join_batch(a, batch), join_batch(b, batch)),
                         batch);
}

Tensor solve(const Tensor& a, const Tensor& b) {
    if (b.defined() && b.rank() == 1) return squeeze(solve(a, unsqueeze(b, 1)), -1);
    check_right_side("solve", a, b, -2);
    const Shape batch = broadcast_shapes(batch_of(a), batch_of(b), "solve");
    const Factors factors = join_batch(regular_factors_of("solve", a), batch);
    return restore_batch(
        apply(ops::Solve{factors, false}, join_batch(a, batch), join_batch(b, batch)), batch);
}

Tensor inverse(const Tensor& a) {
    check_square("inverse", a);
    const Shape batch = batch_of(a);
    const Factors factors = join_batch(regular_factors_of("inverse", a), batch);
    const Tensor matrices = join_batch(a);
    return restore_batch(apply(ops::Solve{factors, false}, matrices,
                               expand(eye(a.size(-1), a.options()), matrices.shape())),
                         batch);
}

Tensor det(const Tensor& a) {
    check_square("det", a);
    return restore_batch(apply(ops::Det{join_batch(factors_of(a), batch_of(a))}, join_batch(a)),
                         batch_of(a));
}

SlogDet slogdet(const Tensor& a) {
    check_square("slogdet", a);
    const Factors factors = factors_of(a);
    const Tensor signs =
        parity(factors.order, a.options()) * prod(sign(main_diagonal(factors.packed)), {-1});
    const Tensor logs = apply(ops::LogAbsDet{join_batch(factors, batch_of(a))}, join_batch(a));
    return {signs, restore_batch(logs, batch_of(a))};
}

}  // namespace eps
