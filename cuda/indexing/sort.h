#pragma once
// Sorting of key-value pairs, for argsort and scatter.
#include <cstdint>

namespace eps::kernels::cuda {

/// Sorts n < 2^31 pairs stably by the low `bits` bits of their keys, into sorted_keys and
/// sorted_values. All four are device memory.
void sort_pairs(const std::uint64_t* keys, std::uint64_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits);

}  // namespace eps::kernels::cuda
