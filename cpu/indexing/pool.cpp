// Max pooling of channels-last images: for some channels at a time, the largest so far and where it
// stood stay in two small arrays, and the pixels of the window pass by.
#include <algorithm>

#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kChannels = 64;      // side by side
constexpr std::int64_t kGrain = 16 * 1024;  // comparisons worth a second thread

/// An index as wide as the value: comparing and choosing then happen in registers of one shape.
template <class T> using PlaceOf = std::conditional_t<sizeof(T) == 8, std::int64_t, std::int32_t>;

template <class T> struct Best {
    using Place = PlaceOf<T>;
    T value[kChannels];
    Place place[kChannels];

    void begin(const T* __restrict pixel, Place at, std::int64_t channels) {
        for (std::int64_t c = 0; c < channels; ++c) {
            value[c] = pixel[c];
            place[c] = at;
        }
    }
    void meet(const T* __restrict pixel, Place at, std::int64_t channels) {
        for (std::int64_t c = 0; c < channels; ++c) {
            const T x = pixel[c];
            const bool wins = (x > value[c]) | (x != x);
            value[c] = wins ? x : value[c];
            place[c] = wins ? at : place[c];
        }
    }
};

template <class T>
void max_pool2d_typed(Tensor& values, Tensor& indices, const Tensor& x,
                      const PoolGeometry& geometry) {
    const std::int64_t channels = x.size(1), height = x.size(2), width = x.size(3),
                       rows = values.size(2), columns = values.size(3);
    const T* const images = static_cast<const T*>(x.raw_data());
    T* const to = static_cast<T*>(values.raw_data());
    auto* const places = static_cast<std::int64_t*>(indices.raw_data());
    const std::int64_t work =
        channels * (geometry.adaptive ? (height / rows + 1) * (width / columns + 1)
                                      : geometry.size[0] * geometry.size[1]);
    parallel_for(
        values.numel() / channels, std::max<std::int64_t>(1, kGrain / work),
        [&](std::int64_t begin, std::int64_t end) {
            Best<T> best;
            for (std::int64_t pixel = begin; pixel < end; ++pixel) {
                const auto down = geometry.window(0, pixel / columns % rows, height, rows),
                           across = geometry.window(1, pixel % columns, width, columns);
                const T* const image = images + pixel / columns / rows * height * width * channels;
                for (std::int64_t first = 0; first < channels; first += kChannels) {
                    const std::int64_t count = std::min(kChannels, channels - first);
                    const auto pass = [&](std::int64_t place) {
                        return image + place * channels + first;
                    };
                    const auto place = [](std::int64_t at) { return static_cast<PlaceOf<T>>(at); };
                    const std::int64_t start = down.first * width + across.first;
                    best.begin(pass(start), place(start), count);
                    for (std::int64_t i = down.first; i < down.end; i += down.step)
                        for (std::int64_t j = across.first; j < across.end; j += across.step)
                            best.meet(pass(i * width + j), place(i * width + j), count);
                    std::copy_n(best.value, count, to + pixel * channels + first);
                    std::copy_n(best.place, count, places + pixel * channels + first);
                }
            }
        });
}

}  // namespace

void max_pool2d(Tensor& values, Tensor& indices, const Tensor& x, const PoolGeometry& geometry) {
    if (values.numel() == 0) return;
    visit_number("max_pool2d", x.dtype(),
                 [&]<class T>() { max_pool2d_typed<T>(values, indices, x, geometry); });
}

}  // namespace eps::kernels::cpu
