#pragma once
// What linear algebra is written with: [.., rows, columns] as a batch [B, rows, columns] and back,
// and which matrix to blame.
#include <cstdint>
#include <optional>
#include <string>

#include "tensor/tensor.h"

namespace eps {

/// Throws unless a is f32 or f64, [.., m, n]; or [.., n, n].
void check_matrices(const char* op, const Tensor& a);
void check_square(const char* op, const Tensor& a);

/// The leading dimensions of [.., m, n].
Shape batch_of(const Tensor& a);
/// a [.., m, n], broadcast to a batch and joined: [B, m, n]. A copy only where strides cannot say
/// it.
Tensor join_batch(const Tensor& a, const Shape& batch);
inline Tensor join_batch(const Tensor& a) { return join_batch(a, batch_of(a)); }
/// [B, ..] -> [batch, ..]
Tensor restore_batch(const Tensor& a, const Shape& batch);

/// [.., m, n] -> [.., k]: a view.
Tensor main_diagonal(const Tensor& a);
/// out[b][i] = x[b][order[b][i]]: x [B, n, k], order [B, n, 1]
Tensor permute_rows(const Tensor& x, const Tensor& order);
/// [B, m, n] with strides {.., 1, m}.
Tensor empty_by_columns(const Shape& shape, Options options);

/// "matrix [1, 0] of the batch" and a place in it.
struct Culprit {
    std::string matrix;
    std::int64_t place;
};
/// The first element of x [B, n] for which `wrong` holds. Nothing on a GPU: looking would wait.
std::optional<Culprit> find_first(const Tensor& x, const Shape& batch, bool (*wrong)(double));

}  // namespace eps
