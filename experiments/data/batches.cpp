#include "experiments/data/batches.h"

#include <algorithm>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/random.h"

namespace eps::data {

BatchOrder::BatchOrder(std::int64_t count, std::int64_t batch, std::uint64_t seed)
    : count_(count), batch_(batch), seed_(seed) {
    check(batch >= 1 && batch <= count, "BatchOrder", "bad batch size; got ", batch, " for ", count,
          " rows; expected 1 to ", count);
}

Tensor BatchOrder::indices(std::int64_t step) const {
    check(step >= 0, "BatchOrder", "negative step; got ", step);
    if (epoch(step) != cached_epoch_) {
        Generator generator = Generator(seed_).fork(static_cast<std::uint64_t>(epoch(step)));
        permutation_ = contiguous(randperm(count_, generator));
        cached_epoch_ = epoch(step);
    }
    // A copy: the caller may keep or overwrite it.
    const std::int64_t first = (step % steps_per_epoch()) * batch_;
    return from_span(std::span<const std::int64_t>(permutation_.data<std::int64_t>() + first,
                                                   static_cast<std::size_t>(batch_)),
                     {batch_});
}

Tensor take_rows_u8_as_f32(const Tensor& images, const Tensor& indices) {
    constexpr const char* kOp = "take_rows_u8_as_f32";
    check(images.defined() && images.dtype() == u8 && images.rank() >= 1, kOp,
          "needs u8 images [N, ...]; got ", describe(images));
    check(indices.defined() && indices.dtype() == i64 && indices.rank() == 1, kOp,
          "needs i64 indices [B]; got ", describe(indices));
    if (images.device().is_cuda()) {
        const NoGrad guard;
        return flatten(to(index_select(images, 0, indices), f32), 1) / 255.0;
    }
    const Tensor source = contiguous(images), rows = contiguous(indices);
    const std::int64_t count = source.size(0), pixels = count == 0 ? 0 : source.numel() / count;
    Tensor out = empty({rows.numel(), pixels});
    float* to = out.data<float>();
    for (std::int64_t b = 0; b < rows.numel(); ++b, to += pixels) {
        const std::int64_t row = rows.data<std::int64_t>()[b];
        check(row >= 0 && row < count, kOp, "index ", row, " at ", b,
              " is out of range; expected 0 to ", count - 1);
        const auto* const from = source.data<std::uint8_t>() + row * pixels;
        std::transform(from, from + pixels, to,
                       [](std::uint8_t v) { return static_cast<float>(v) / 255.0f; });
    }
    return out;
}

}  // namespace eps::data
