// The kernels copy, fill and arange, for all dtypes and layouts.
#include <cmath>
#include <limits>

#include "tensor/contract/kernels.h"
#include "tensor/raw_copy.h"
#include "tests/tensor/layouts.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr DType all_dtypes[] = {boolean, u8, i64, f16, bf16, f32, f64};

// `value`, an element of dtype `from`, converted to dtype `to`.
double converted(double value, DType from, DType to) {
    return visit(from, [&]<class From>() {
        return visit(
            to, [&]<class To>() { return convert<double>(convert<To>(convert<From>(value))); });
    });
}

void check_copy(Tensor out, const Tensor& src) {
    kernels::copy(out, src);
    std::int64_t wrong = 0;
    for_each_index(out.shape(), [&](const Dims& index) {
        Dims own;
        for (int d = 0; d < src.rank(); ++d)
            own.push_back(src.shape()[d] == 1 ? 0 : index[d + out.rank() - src.rank()]);
        if (at(out, index) != converted(at(src, own), src.dtype(), out.dtype())) ++wrong;
    });
    INFO("from ", describe(src).to_string(), " strides ", src.strides().to_string(), " to ",
         describe(out).to_string(), " strides ", out.strides().to_string());
    CHECK(wrong == 0);
}

}  // namespace

TEST_CASE("copy converts every pair of dtypes, with any strides on both sides") {
    Random random(1);
    for (DType to : all_dtypes)
        for (DType from : all_dtypes)
            for (int i = 0; i < 6; ++i) {
                const Shape shape =
                    random_shape(random, static_cast<int>(pick(random, 0, 4)), i == 5 ? 0 : 1, 6);
                const Tensor out = random_tensor(random, shape, to, {.broadcast = false}),
                             src = random_tensor(random, shape, from, {.low = 0, .high = 9});
                check_copy(out, src);
            }
}

TEST_CASE("copy broadcasts missing dimensions and dimensions of one element") {
    Random random(2);
    for (int i = 0; i < 60; ++i) {
        const Shape shape = random_shape(random, static_cast<int>(pick(random, 1, 4)), 1, 5);
        Shape smaller;
        for (int d = static_cast<int>(pick(random, 0, shape.rank())); d < shape.rank(); ++d)
            smaller.push_back(pick(random, 0, 2) ? shape[d] : 1);
        check_copy(random_tensor(random, shape, f32, {.broadcast = false}),
                   random_tensor(random, smaller, f32));
    }
}

TEST_CASE("copy transposes matrices larger and smaller than a block") {
    Random random(3);
    for (std::int64_t rows : {1, 3, 8, 31, 32, 33, 64, 100, 1030})
        for (std::int64_t columns : {1, 2, 7, 8, 32, 65, 128}) {
            const Tensor src =
                raw::contiguous(random_tensor(random, {columns, rows}, f32, {.broadcast = false}));
            check_copy(empty({rows, columns}), src.as_strided({rows, columns}, {1, rows}, 0));
            check_copy(empty({rows, columns}, {.dtype = f64}),
                       src.as_strided({rows, columns}, {1, rows}, 0));
        }
    // [B, C, H, W] to channels-last and back
    for (const Shape& shape : {Shape{2, 3, 20, 30}, Shape{2, 17, 9, 11}, Shape{3, 64, 5, 5}}) {
        const std::int64_t channels = shape[1], height = shape[2], width = shape[3];
        const Strides last{height * width * channels, 1, width * channels, channels};
        const Tensor first =
            raw::contiguous(random_tensor(random, shape, f32, {.broadcast = false}));
        Tensor channels_last = empty_strided(shape, last);
        check_copy(channels_last, first);
        check_copy(empty(shape), channels_last);
    }
}

TEST_CASE("copy gives the same bits for any number of threads") {
    Random random(4);
    const Tensor big =
        raw::contiguous(random_tensor(random, {600, 500}, f32, {.broadcast = false}));
    for (const Tensor& src :
         {big, big.as_strided({500, 600}, {1, 500}, 0), big.as_strided({600, 250}, {500, 2}, 1)}) {
        const Tensor copied = same_on_any_threads([&] {
            Tensor out = empty(src.shape());
            kernels::copy(out, src);
            return out;
        });
        check_copy(copied, src);
    }
}

TEST_CASE("copy keeps special values, and accepts empty and one-element tensors") {
    const double inf = std::numeric_limits<double>::infinity();
    const Tensor odd = tensor({inf, -inf, std::nan(""), -0.0, 1e-40}, {}, {.dtype = f64});
    Tensor out = empty({5});
    kernels::copy(out, odd);
    const float* x = out.data<float>();
    CHECK(x[0] == static_cast<float>(inf));
    CHECK(x[1] == static_cast<float>(-inf));
    CHECK(std::isnan(x[2]));
    CHECK((x[3] == 0 && std::signbit(x[3])));
    CHECK(x[4] == 1e-40f);
    Tensor flags = empty({5}, {.dtype = boolean});
    kernels::copy(flags, odd);
    CHECK(flags.to_vector() == std::vector<double>{1, 1, 1, 0, 1});
    Tensor nothing = empty({0, 3});
    kernels::copy(nothing, empty({0, 3}, {.dtype = i64}));
    Tensor single = empty({});
    kernels::copy(single, Tensor(2.5));
    CHECK(single.item() == 2.5);
}

TEST_CASE("fill and arange write every dtype, and nothing beside their view") {
    Random random(5);
    for (DType dtype : all_dtypes) {
        for (int i = 0; i < 8; ++i) {
            Tensor out = random_tensor(random, random_shape(random, i % 4, i == 7 ? 0 : 1, 5),
                                       dtype, {.broadcast = false});
            kernels::fill(out, 3);
            for_each_index(out.shape(), [&](const Dims& index) {
                CHECK(at(out, index) == converted(3, f64, dtype));
            });
        }
        Tensor steps = empty({7}, {.dtype = dtype});
        kernels::arange(steps, 2, 3);
        for (std::int64_t i = 0; i < 7; ++i)
            CHECK(at(steps, {i}) == converted(static_cast<double>(2 + 3 * i), f64, dtype));
    }
    Tensor padded = zeros({4, 8});
    Tensor view = padded.as_strided({4, 3}, {8, 1}, 2);
    kernels::fill(view, 1);
    double total = 0;
    for (double x : padded.to_vector()) total += x;
    CHECK(total == 12);
}
