#pragma once
// The limits of the machine, measured in the run itself, to which other results are compared.
#include <cstdint>

namespace eps::bench {

/// The fastest matrix product of this machine, ours or OpenBLAS's, in FLOP/s.
double gemm_peak(int threads);
/// The bytes/s of stream<2> on tensors larger than every cache.
double stream_peak(int threads);

/// A plain loop that reads 1 to 3 streams and writes one: out = a, a + b / 2 or a + b / 2 + c / 2.
template <int Reads>
void stream(std::int64_t n, float* out, const float* a, const float* b, const float* c);

}  // namespace eps::bench
