#pragma once
// Which rows make which batch, as a function of the step alone: a run that resumes at any step
// continues with the batches of an uninterrupted one.
#include <cstdint>

#include "tensor/tensor.h"

namespace eps::data {

/// The rows of each epoch e are a permutation of [0, count) drawn from Generator(seed).fork(e), cut
/// into batches. A short last batch is dropped.
class BatchOrder {
public:
    /// Throws unless 1 <= batch <= count.
    BatchOrder(std::int64_t count, std::int64_t batch, std::uint64_t seed);
    std::int64_t steps_per_epoch() const { return count_ / batch_; }
    std::int64_t epoch(std::int64_t step) const { return step / steps_per_epoch(); }
    /// The rows of the batch of step 0, 1, 2, ...
    /// Shapes: i64 [batch].
    Tensor indices(std::int64_t step) const;

private:
    std::int64_t count_, batch_;
    std::uint64_t seed_;
    mutable std::int64_t cached_epoch_ = -1;
    mutable Tensor permutation_;  // the order of the cached epoch, i64 [count]
};

/// Some images as intensities, pixel / 255 in [0, 1].
/// Shapes: images u8 [N, ...] and indices i64 [B] on one device -> f32 [B, D], D elements per
/// image. Throws on other dtypes and, on the CPU, on an index outside [0, N).
Tensor take_rows_u8_as_f32(const Tensor& images, const Tensor& indices);

}  // namespace eps::data
