#include "autograd/ops/linalg/matrices.h"

#include <algorithm>

#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {

void check_matrices(const Checker& check, const Tensor& a) {
    check(a.defined(), "an input is an undefined tensor");
    check(a.rank() >= 2 && (a.dtype() == f32 || a.dtype() == f64),
          "needs matrices [.., m, n] of f32 or f64; got ", describe(a));
}

void check_square(const Checker& check, const Tensor& a) {
    check_matrices(check, a);
    check(a.size(-2) == a.size(-1), "the matrix is not square; got ", a.shape(),
          "; expected [.., n, n]");
}

Shape batch_of(const Tensor& a) {
    return Shape(std::span(a.shape().begin(), static_cast<std::size_t>(a.rank() - 2)));
}

Tensor join_batch(const Tensor& a, const Shape& batch) {
    Shape full = batch;
    full.push_back(a.size(-2));
    full.push_back(a.size(-1));
    return reshape(expand(a, full), {numel(batch), a.size(-2), a.size(-1)});
}

Tensor restore_batch(const Tensor& a, const Shape& batch) {
    Shape shape = batch;
    for (int d = 1; d < a.rank(); ++d) shape.push_back(a.size(d));
    return reshape(a, shape);
}

Tensor main_diagonal(const Tensor& a) { return diagonal(a, 0, -2, -1); }

Tensor permute_rows(const Tensor& x, const Tensor& order) {
    return gather(x, 1, expand(order, x.shape()));
}

Tensor empty_by_columns(const Shape& shape, Options options) {
    return empty_strided(shape, {shape[1] * shape[2], 1, std::max<std::int64_t>(shape[1], 1)},
                         options);
}

std::optional<BadMatrix> find_first(const Tensor& x, const Shape& batch, bool (*is_bad)(double)) {
    if (x.device().is_cuda()) return std::nullopt;
    const std::vector<double> values = x.to_vector();
    const auto found = std::find_if(values.begin(), values.end(), is_bad);
    if (found == values.end()) return std::nullopt;
    const std::int64_t flat = found - values.begin();
    if (batch.empty()) return BadMatrix{"the matrix", flat};
    Dims index = batch;  // index of the matrix, from its number
    std::int64_t number = flat / x.size(-1);
    for (int d = batch.rank() - 1; d >= 0; --d) {
        index[d] = number % batch[d];
        number /= batch[d];
    }
    return BadMatrix{str("matrix ", index, " of the batch"), flat % x.size(-1)};
}

}  // namespace eps
