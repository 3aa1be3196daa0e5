#pragma once
// What the linear algebra in this folder is written with: matrices [.., m, n] as a batch [B, m, n]
// and back, and which matrix of a batch to report.
#include <cstdint>
#include <optional>
#include <string>

#include "autograd/ops/checker.h"
#include "tensor/tensor.h"

namespace eps {

/// Throws unless a is f32 or f64, [.., m, n].
void check_matrices(const Checker& check, const Tensor& a);
/// Throws unless a is f32 or f64, [.., n, n].
void check_square(const Checker& check, const Tensor& a);

/// The leading dimensions of [.., m, n].
Shape batch_of(const Tensor& a);
/// a [.., m, n], broadcast to a batch and joined: [B, m, n]. A copy only where strides cannot
/// describe it.
Tensor join_batch(const Tensor& a, const Shape& batch);
inline Tensor join_batch(const Tensor& a) { return join_batch(a, batch_of(a)); }
/// [B, ..] -> [batch, ..]
Tensor restore_batch(const Tensor& a, const Shape& batch);

/// [.., m, n] -> [.., k]. A view.
Tensor main_diagonal(const Tensor& a);
/// out[b][i] = x[b][order[b][i]]: x [B, n, k], order [B, n, 1]
Tensor permute_rows(const Tensor& x, const Tensor& order);
/// [B, m, n] in column-major order: strides {.., 1, m}.
Tensor empty_by_columns(const Shape& shape, Options options);

/// A matrix of a batch that an op cannot work with.
struct BadMatrix {
    std::string name;      // "matrix [1, 0] of the batch"
    std::int64_t element;  // the position in its row of x where it shows
};
/// The first element of x [B, n] for which `is_bad` holds. Nothing on a GPU: reading would wait.
std::optional<BadMatrix> find_first(const Tensor& x, const Shape& batch, bool (*is_bad)(double));

}  // namespace eps
