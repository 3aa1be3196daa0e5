#pragma once
// Random tensors of every layout, and access to single elements, for tests that compare kernels
// with definitions.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

#include "tensor/create.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/parallel.h"

namespace eps::test {

using Random = std::mt19937_64;

inline std::int64_t pick(Random& random, std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random);
}

/// Calls f(index) for every index of the shape, row-major.
template <class F> void for_each_index(const Shape& shape, F&& f) {
    Dims index = Dims::filled(shape.rank(), 0);
    for (std::int64_t left = numel(shape); left > 0; --left) {
        f(index);
        for (int d = shape.rank() - 1; d >= 0; --d) {
            if (++index[d] < shape[d]) break;
            index[d] = 0;
        }
    }
}

/// The offset of an element from the tensor's first, in elements.
inline std::int64_t offset_of(const Tensor& x, const Dims& index) {
    std::int64_t at = 0;
    for (int d = 0; d < x.rank(); ++d) at += index[d] * x.strides()[d];
    return at;
}

/// One element as f64.
inline double at(const Tensor& x, const Dims& index) {
    return visit(x.dtype(),
                 [&]<class T>() { return convert<double>(x.data<T>()[offset_of(x, index)]); });
}

/// A shape of `rank` extents in [low, high].
inline Shape random_shape(Random& random, int rank, std::int64_t low, std::int64_t high) {
    Shape shape;
    for (int d = 0; d < rank; ++d) shape.push_back(pick(random, low, high));
    return shape;
}

struct LayoutOptions {
    bool broadcast = true;           // some dimensions have stride 0
    std::int64_t low = 0, high = 0;  // integers of [low, high]; normal numbers without a range
};
/// A tensor with its dimensions in a random order of memory, with gaps between them, at an offset.
inline Tensor random_tensor(Random& random, const Shape& shape, DType dtype,
                            LayoutOptions options = {}) {
    std::vector<int> order(static_cast<std::size_t>(shape.rank()));
    for (std::size_t d = 0; d < order.size(); ++d) order[d] = static_cast<int>(d);
    if (pick(random, 0, 2) > 0) std::shuffle(order.begin(), order.end(), random);
    const bool gaps = pick(random, 0, 1) == 1;
    Strides strides = shape;
    std::int64_t size = 1;
    for (std::size_t i = order.size(); i-- > 0;) {
        const int d = order[i];
        const bool broadcast = options.broadcast && pick(random, 0, 4) == 0;
        strides[d] = broadcast ? 0 : size;
        if (!broadcast) size *= shape[d] + (gaps ? pick(random, 0, 2) : 0);
    }
    const std::int64_t offset = pick(random, 0, 3);
    std::vector<double> values(static_cast<std::size_t>(size + offset));
    std::normal_distribution<double> normal;
    for (double& value : values)
        value = options.low < options.high
                    ? static_cast<double>(pick(random, options.low, options.high))
                    : normal(random);
    if (dtype == u8)
        for (double& value : values) value = std::abs(value);
    return tensor(values, {size + offset}, {.dtype = dtype}).as_strided(shape, strides, offset);
}

inline bool same_bits(const Tensor& a, const Tensor& b) {
    if (a.shape() != b.shape() || a.dtype() != b.dtype()) return false;
    const Tensor x = raw::contiguous(a), y = raw::contiguous(b);
    return x.numel() == 0 ||
           std::memcmp(x.raw_data(), y.raw_data(),
                       static_cast<std::size_t>(x.numel()) * size_of(x.dtype())) == 0;
}

/// Restores the number of threads.
struct ThreadsGuard {
    int before = num_threads();
    ~ThreadsGuard() { set_num_threads(before); }
};

/// Asserts that make() gives the same bits on 1, 2, 3 and 7 threads; returns what it gives.
template <class F> Tensor same_on_any_threads(F&& make) {
    const ThreadsGuard guard;
    set_num_threads(1);
    const Tensor one = make();
    for (int threads : {2, 3, 7}) {
        set_num_threads(threads);
        CHECK(same_bits(one, make()));
    }
    return one;
}

}  // namespace eps::test
