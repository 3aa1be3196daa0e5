// Max pooling of channels-last images. For kChannels channels at a time, the largest value so far
// and its pixel stay in two small arrays while the pixels of the window pass by.
#include <algorithm>

#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kChannels = 64;
constexpr std::int64_t kGrain = 16 * 1024;  // comparisons that are worth a second thread

/// An index as wide as the value, so that comparing and selecting happen in registers of one shape.
template <class T> using IndexOf = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

template <class T> struct Largest {
    using Index = IndexOf<T>;
    T value[kChannels];
    Index index[kChannels];

    void begin(const T* __restrict pixel, Index at, std::int64_t channels) {
        for (std::int64_t c = 0; c < channels; ++c) {
            value[c] = pixel[c];
            index[c] = at;
        }
    }
    void join(const T* __restrict pixel, Index at, std::int64_t channels) {
        for (std::int64_t c = 0; c < channels; ++c) {
            const T x = pixel[c];
            const bool wins = (x > value[c]) | (x != x);
            value[c] = wins ? x : value[c];
            index[c] = wins ? at : index[c];
        }
    }
};

template <class T> class MaxPool {
public:
    MaxPool(Tensor& values, Tensor& indices, const Tensor& x, const PoolGeometry& geometry)
        : geometry_(geometry),
          channels_(x.size(1)),
          height_(x.size(2)),
          width_(x.size(3)),
          rows_(values.size(2)),
          columns_(values.size(3)),
          images_(static_cast<const T*>(x.raw_data())),
          values_(static_cast<T*>(values.raw_data())),
          indices_(static_cast<std::int64_t*>(indices.raw_data())) {}

    // Comparisons for one output pixel, about.
    std::int64_t work() const {
        if (geometry_.adaptive) return channels_ * (height_ / rows_ + 1) * (width_ / columns_ + 1);
        return channels_ * geometry_.size[0] * geometry_.size[1];
    }

    /// Output pixels [begin, end) of all images.
    void run(std::int64_t begin, std::int64_t end) const {
        Largest<T> largest;
        for (std::int64_t pixel = begin; pixel < end; ++pixel) {
            const auto down = geometry_.window(0, pixel / columns_ % rows_, height_, rows_);
            const auto across = geometry_.window(1, pixel % columns_, width_, columns_);
            const T* const image =
                images_ + pixel / columns_ / rows_ * height_ * width_ * channels_;
            for (std::int64_t first = 0; first < channels_; first += kChannels) {
                const std::int64_t count = std::min(kChannels, channels_ - first);
                const auto at = [&](std::int64_t i) { return image + i * channels_ + first; };
                const auto index = [](std::int64_t i) { return static_cast<IndexOf<T>>(i); };
                const std::int64_t start = down.first * width_ + across.first;
                largest.begin(at(start), index(start), count);
                for (std::int64_t i = down.first; i < down.end; i += down.step)
                    for (std::int64_t j = across.first; j < across.end; j += across.step)
                        largest.join(at(i * width_ + j), index(i * width_ + j), count);
                std::copy_n(largest.value, count, values_ + pixel * channels_ + first);
                std::copy_n(largest.index, count, indices_ + pixel * channels_ + first);
            }
        }
    }

private:
    const PoolGeometry& geometry_;
    std::int64_t channels_, height_, width_, rows_, columns_;
    const T* images_;        // [B, height, width, channels]
    T* values_;              // [B, rows, columns, channels]
    std::int64_t* indices_;  // the same
};

}  // namespace

void max_pool2d(Tensor& values, Tensor& indices, const Tensor& x, const PoolGeometry& geometry) {
    if (values.numel() == 0) return;
    visit_number("max_pool2d", x.dtype(), [&]<class T>() {
        const MaxPool<T> pool(values, indices, x, geometry);
        parallel_for(values.numel() / x.size(1), std::max<std::int64_t>(1, kGrain / pool.work()),
                     [&](std::int64_t begin, std::int64_t end) { pool.run(begin, end); });
    });
}

}  // namespace eps::kernels::cpu
