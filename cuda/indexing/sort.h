#pragma once
#include <cstdint>

namespace eps::kernels::cuda {

/// Sorts pairs by the low `bits` bits of their key, stably, into sorted_keys and sorted_values.
/// Device memory; n < 2^31.
void sort_pairs(const std::uint64_t* keys, std::uint64_t* sorted_keys, const std::uint32_t* values,
                std::uint32_t* sorted_values, std::int64_t n, int bits);

}  // namespace eps::kernels::cuda
