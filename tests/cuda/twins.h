#pragma once
// The same tensor on both devices, in every layout that kernels must take.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "tensor/create.h"
#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"

namespace eps::test {

namespace cpu_kernels = kernels::cpu;
namespace cuda_kernels = kernels::cuda;

/// Prints why the test is skipped and returns true if there is no GPU.
inline bool no_gpu() {
    if (cuda_kernels::device_count() > 0) return false;
    MESSAGE("skipped: GPU " << cuda_kernels::device_summary());
    return true;
}

/// Layouts. row_major; shifted: row-major, but not aligned to 16 bytes; sliced: every second
/// element; reversed: the first dimension is innermost; repeated: the first dimension has stride 0,
/// so that it can only be read.
enum class Memory { row_major, shifted, sliced, reversed, repeated };
inline constexpr Memory kWritable[] = {Memory::row_major, Memory::shifted, Memory::sliced,
                                       Memory::reversed};
inline constexpr Memory kReadable[] = {Memory::row_major, Memory::shifted, Memory::sliced,
                                       Memory::reversed, Memory::repeated};

inline constexpr DType kNumbers[] = {DType::u8, DType::i64, DType::f32, DType::f64};
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// The largest difference where sums are taken in another order; integers agree exactly.
inline double tolerance(DType dtype) {
    if (!is_floating(dtype)) return 0;
    return dtype == f32 ? 1e-5 : 1e-12;
}

inline Shape with_size(Shape shape, int dim, std::int64_t size) {
    shape[dim] = size;
    return shape;
}

/// A view of a buffer on each device. The buffers start equal; comparing them whole also finds
/// writes beside the view.
struct Twin {
    Tensor host_buffer, device_buffer;
    Tensor host, device;
};

inline Twin twin_of(const std::vector<double>& buffer, const Shape& shape, const Strides& strides,
                    std::int64_t offset, DType dtype) {
    Twin t;
    t.host_buffer = tensor(buffer, {static_cast<std::int64_t>(buffer.size())}, {.dtype = dtype});
    t.device_buffer = raw::to(t.host_buffer, cuda);
    t.host = t.host_buffer.as_strided(shape, strides, offset);
    t.device = t.device_buffer.as_strided(shape, strides, offset);
    return t;
}

/// Reproducible: the same arguments in the same order give the same numbers.
inline std::mt19937& numbers() {
    static std::mt19937 engine(7);
    return engine;
}

/// Uniform numbers in [low, high), of either sign if `signs`.
inline Twin random_twin(const Shape& shape, Memory layout, DType dtype, double low = 0,
                        double high = 4, bool signs = false) {
    Strides strides = contiguous_strides(shape);
    std::int64_t offset = 0, count = numel(shape);
    if (layout == Memory::shifted) offset = 1;
    if (layout == Memory::sliced) {
        for (int d = 0; d < shape.rank(); ++d) strides[d] *= 2;
        offset = 1;
        count *= 2;
    }
    if (layout == Memory::reversed) {
        std::int64_t stride = 1;
        for (int d = 0; d < shape.rank(); ++d) {
            strides[d] = stride;
            stride *= shape[d];
        }
    }
    if (layout == Memory::repeated && shape.rank() > 0) strides[0] = 0;
    std::vector<double> buffer(static_cast<std::size_t>(count + offset + 1));
    std::uniform_real_distribution<double> uniform(low, high);
    for (double& x : buffer) {
        x = uniform(numbers());
        if (signs && numbers()() % 2) x = -x;
        if (!is_floating(dtype)) x = std::floor(x);
    }
    return twin_of(buffer, shape, strides, offset, dtype);
}

/// Largest |a - b| / max(1, |a|, |b|); NaN equals NaN, and an infinity only itself.
inline double difference(const Tensor& host, const Tensor& device) {
    if (host.shape() != device.shape() || host.dtype() != device.dtype())
        return std::numeric_limits<double>::infinity();
    const std::vector<double> a = host.to_vector(), b = device.to_vector();
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i] == b[i] || (std::isnan(a[i]) && std::isnan(b[i]))) continue;
        const double d = std::abs(a[i] - b[i]) / std::max({1.0, std::abs(a[i]), std::abs(b[i])});
        worst = std::max(worst, std::isnan(d) || std::isinf(a[i]) || std::isinf(b[i])
                                    ? std::numeric_limits<double>::infinity()
                                    : d);
    }
    return worst;
}
/// The difference of the whole buffers.
inline double difference(const Twin& t) { return difference(t.host_buffer, t.device_buffer); }

}  // namespace eps::test
