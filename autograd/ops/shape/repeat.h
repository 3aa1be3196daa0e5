#pragma once
// Copies of a tensor side by side.
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// x laid out reps[d] times along dimension d, the shorter of shape and reps filled up with ones in
/// front: PyTorch's repeat, too.
Tensor tile(const Tensor& x, const Dims& reps);
/// Each slice along dim `repeats` times in a row.
Tensor repeat_interleave(const Tensor& x, std::int64_t repeats, std::int64_t dim = 0);
/// Slice i along dim repeats[i] times, repeats i64 [x.size(dim)]. The result's extent is their sum,
/// for which a GPU is waited for.
Tensor repeat_interleave(const Tensor& x, const Tensor& repeats, std::int64_t dim = 0);
/// n lines as the coordinates of a grid: output k, of shape [size_0, .., size_n-1], varies along
/// dimension k ("ij" indexing). Views.
std::vector<Tensor> meshgrid(std::span<const Tensor> lines);
inline std::vector<Tensor> meshgrid(std::initializer_list<Tensor> lines) {
    return meshgrid(std::span(lines.begin(), lines.size()));
}

}  // namespace eps
