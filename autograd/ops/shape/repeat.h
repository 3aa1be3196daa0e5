#pragma once
// Copies of a tensor side by side.
#include <initializer_list>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// x laid out reps[d] times along dimension d; the shorter of shape and reps is filled up with ones
/// in front. PyTorch's `repeat` does the same.
Tensor tile(const Tensor& x, const Dims& reps);
/// Every slice along dim, `repeats` times in a row.
Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::int64_t dim = 0);
/// Slice i along dim, repeats[i] times in a row. The extent of the result is the sum of the
/// repeats, so the host waits for a GPU.
/// Shapes: repeats i64 [x.size(dim)].
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::int64_t dim = 0);
/// The coordinates of a grid: output k, of shape [size_0, .., size_n-1], varies along dimension k
/// with the values of line k ("ij" indexing). Views.
std::vector<Tensor> meshgrid(std::span<const Tensor> lines);
inline std::vector<Tensor> meshgrid(std::initializer_list<Tensor> lines) {
    return meshgrid(std::span(lines.begin(), lines.size()));
}

}  // namespace eps
