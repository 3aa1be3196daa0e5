#pragma once
// What the machine can do at most, measured in the run itself: the yardsticks of every other
// number.
#include <cstdint>

namespace eps::bench {

/// The fastest matrix product of this machine, ours or OpenBLAS's, in FLOP/s.
double gemm_peak(int threads);
/// How fast stream<2> goes through tensors larger than every cache, in bytes/s.
double stream_peak(int threads);

/// out = a (+ b / 2 (+ c / 2)): a plain loop with as many streams as it reads, and the one it
/// writes.
template <int Reads>
void stream(std::int64_t n, float* out, const float* a, const float* b, const float* c);

}  // namespace eps::bench
