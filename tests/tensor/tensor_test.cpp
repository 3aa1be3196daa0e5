// What a tensor is: handles, views, versions, dtypes, and the memory behind them.
#include "tensor/raw_copy.h"
#include "tensor/tensor.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/runtime/allocator.h"
#include "tensor/create.h"
#include "tensor/random.h"

using namespace eps;

namespace {

using V = std::vector<double>;
constexpr double inf = std::numeric_limits<double>::infinity();

std::string refused_by(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& error) { return error.op(); }
    return "";
}

}  // namespace

TEST_CASE("tensor: views share storage and see each other's writes") {
    const Tensor x = arange(0, 24);
    const Tensor cube = reshape(x, {2, 3, 4});
    const Tensor views[] = {cube,
                            transpose(cube),
                            permute(cube, {2, 0, 1}),
                            slice(cube, 2, 1, 4, 2),
                            select(cube, 1, 2),
                            narrow(cube, 0, 1, 1),
                            unsqueeze(cube, 0),
                            squeeze(unsqueeze(cube, 1)),
                            expand(unsqueeze(cube, 0), {5, 2, 3, 4}),
                            flatten(cube, 1, 2),
                            detach(cube),
                            cube.as_strided({3}, {8}, 1)};
    for (const Tensor& view : views) CHECK(&view.storage() == &x.storage());
    CHECK(select(select(select(cube, 0, 1), 0, 2), 0, 3).item() == 23);
    CHECK(slice(x, 0, -3).to_vector() == V{21, 22, 23});
    CHECK(slice(x, 0, 20, 100, 2).to_vector() == V{20, 22});
    CHECK(slice(x, 0, 5, 2).numel() == 0);
    const Tensor handle = x;
    CHECK(handle.same_as(x));
    select(select(cube, 0, 0), 0, 1).fill_(-1);
    CHECK(slice(handle, 0, 3, 9).to_vector() == V{3, -1, -1, -1, -1, 8});
    CHECK(&contiguous(cube).storage() == &x.storage());
    CHECK(&contiguous(transpose(cube)).storage() != &x.storage());
    CHECK(&raw::clone(x).storage() != &x.storage());
    CHECK(&reshape(transpose(cube), {24}).storage() != &x.storage());
}

TEST_CASE("tensor: every write counts as a version of the storage") {
    const Tensor x = zeros({4, 4});
    const auto version = [&] { return x.storage().version(); };
    const auto start = version();
    Tensor(x).fill_(1);
    CHECK(version() == start + 1);
    select(x, 0, 1).copy_(ones({4}));
    CHECK(version() == start + 2);
    transpose(x).zero_();
    CHECK(version() == start + 3);
    const Tensor y = (x + 1.0) * exp(x);
    CHECK(version() == start + 3);
    CHECK(y.to_vector() == V(16, 1));
}

TEST_CASE("tensor: copy_ broadcasts and converts between all dtypes and layouts") {
    for (DType to : {boolean, u8, i64, f16, bf16, f32, f64})
        for (DType from : {boolean, u8, i64, f16, bf16, f32, f64}) {
            const Tensor source = tensor({0, 1, 3}, {3}, {.dtype = from});
            Tensor target = zeros({3, 2}, {.dtype = to});
            transpose(target).copy_(source);
            const bool narrow = to == boolean || from == boolean;
            CHECK_MESSAGE(
                target.to_vector() == (narrow ? V{0, 0, 1, 1, 1, 1} : V{0, 0, 1, 1, 3, 3}),
                name_of(from), " to ", name_of(to));
            CHECK(raw::to(source, to).dtype() == to);
        }
    CHECK(full({2}, -1.7, {.dtype = i64}).to_vector() == V{-1, -1});
    CHECK(full({2}, 0.25, {.dtype = boolean}).to_vector() == V{1, 1});
}

TEST_CASE("tensor: leaves, and what a recorded tensor refuses") {
    Tensor x = ones({3});
    CHECK_FALSE(x.requires_grad());
    CHECK(x.is_leaf());
    CHECK(x.requires_grad_().same_as(x));
    CHECK(x.requires_grad());
    Tensor y = x * 2.0;
    CHECK_FALSE(y.is_leaf());
    CHECK(refused_by([&] { y.requires_grad_(); }) == "requires_grad_");
    CHECK(refused_by([&] { x.fill_(2); }) == "fill_");
    CHECK(refused_by([&] { x.copy_(zeros({3})); }) == "copy_");
    {
        NoGrad guard;
        x.fill_(2);
    }
    CHECK(x.to_vector() == V{2, 2, 2});
    detach(x).fill_(3);
    CHECK(x.to_vector() == V{3, 3, 3});
    x.requires_grad_(false);
    CHECK_FALSE(x.requires_grad());
    x.fill_(4);
    CHECK_FALSE((x * 2.0).requires_grad());
    for (DType dtype : {boolean, u8, i64, f16, bf16})
        CHECK(refused_by([&] { zeros({1}, {.dtype = dtype}).requires_grad_(); }) ==
              "requires_grad_");
}

TEST_CASE("tensor: shapes, strides and contiguity") {
    const Tensor x = zeros({2, 3, 4});
    CHECK(x.strides() == Strides{12, 4, 1});
    CHECK(x.size(-1) == 4);
    CHECK(x.numel() == 24);
    CHECK(x.is_contiguous());
    CHECK_FALSE(transpose(x).is_contiguous());
    CHECK(transpose(zeros({1, 5})).is_contiguous());  // an extent of 1 has no order
    // nor has a tensor without elements
    CHECK(slice(slice(x, 2, 0, 4, 2), 0, 1, 1).is_contiguous());
    CHECK(Tensor(2.5).rank() == 0);
    CHECK(Tensor(2.5).item() == 2.5);
    CHECK(numel(Shape{}) == 1);
    CHECK(broadcast_shapes({3, 1}, {2, 1, 4}, "test") == Shape{2, 3, 4});
    CHECK(broadcast_shapes({0}, {1}, "test") == Shape{0});
    CHECK(broadcastable_to({}, {2}));
    CHECK_FALSE(broadcastable_to({2}, {}));
    CHECK(empty_strided({2, 3}, {1, 2}).strides() == Strides{1, 2});
}

TEST_CASE("tensor: promotion orders bool, u8, i64, f16 or bf16, f32, f64") {
    for (DType half : {f16, bf16}) {
        const DType order[] = {boolean, u8, i64, half, f32, f64};
        for (std::size_t a = 0; a < 6; ++a)
            for (std::size_t b = 0; b < 6; ++b)
                CHECK(promote(order[a], order[b]) == order[std::max(a, b)]);
        CHECK(is_floating(half));
        CHECK(is_storage_type(half));
        CHECK_FALSE(is_real(half));
    }
    CHECK(promote(f16, bf16) == f32);
    CHECK(promote(bf16, f16) == f32);
    CHECK_FALSE(is_floating(i64));
    CHECK(is_real(f32));
}

TEST_CASE("tensor: bf16 is the upper half of a float, rounded to even") {
    int inexact = 0;
    // every bf16 survives the way to f32 and back
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        const auto value = std::bit_cast<float>(bits << 16);
        const bfloat16 back{value};
        if (std::isnan(value))
            CHECK(std::isnan(static_cast<float>(back)));
        else
            inexact += back.bits != bits;
    }
    CHECK(inexact == 0);
    const struct {
        std::uint32_t from;
        std::uint16_t to;
    } roundings[] = {{0x3f808000, 0x3f80}, {0x3f808001, 0x3f81}, {0x3f818000, 0x3f82},
                     {0x3f807fff, 0x3f80}, {0x7f7fffff, 0x7f80}, {0x7f800001, 0x7fc0},
                     {0xffbfffff, 0xffff}, {0x00008001, 0x0001}, {0x80000000, 0x8000}};
    for (const auto& [from, to] : roundings) CHECK(bfloat16(std::bit_cast<float>(from)).bits == to);
    const Tensor x = tensor({1, -2.5, inf, -inf, std::nan("")});
    const auto back = to(to(x, bf16), f32).to_vector();
    CHECK(V(back.begin(), back.begin() + 4) == V{1, -2.5, inf, -inf});
    CHECK(std::isnan(back[4]));
}

TEST_CASE("tensor: f16 is IEEE 754's binary16, rounded to even") {
    int inexact = 0, wrong = 0;
    // every f16 is what the formula of IEEE 754 says, and survives the way to f32 and back
    for (std::uint32_t bits = 0; bits < 0x10000; ++bits) {
        float16 half;
        half.bits = static_cast<std::uint16_t>(bits);
        const auto value = static_cast<float>(half);
        const float16 back{value};
        const int exponent = static_cast<int>(bits >> 10 & 31),
                  fraction = static_cast<int>(bits & 1023);
        const double magnitude =
            exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25);
        if (exponent == 31 && fraction != 0) {
            wrong += !std::isnan(value) || !std::isnan(static_cast<float>(back));
        } else {
            wrong += value != (exponent == 31 ? inf : magnitude) * (bits >> 15 ? -1 : 1);
            inexact += back.bits != bits;
        }
    }
    CHECK(wrong == 0);
    CHECK(inexact == 0);
    // python3 -c "import numpy as np; print([hex(x) for x in np.array([0x3f801000, ...],
    // 'u4').view('f4').astype('f2').view('u2')])", NumPy 2.4
    const struct {
        std::uint32_t from;
        std::uint16_t to;
        // ties of normal numbers
    } roundings[] = {{0x3f801000, 0x3c00},
                     {0x3f801001, 0x3c01},
                     {0x3f803000, 0x3c02},
                     {0x3f800fff, 0x3c00},
                     // 65519.996, 65520: the first infinity
                     {0x477fefff, 0x7bff},
                     {0x477ff000, 0x7c00},
                     {0x7f7fffff, 0x7c00},
                     {0xff800000, 0xfc00},
                     // ties of subnormal ones
                     {0x33000000, 0x0000},
                     {0x33000001, 0x0001},
                     {0x33c00000, 0x0002},
                     {0xb3400000, 0x8001},
                     // up to the smallest normal one
                     {0x387fefff, 0x0400},
                     {0x387fc000, 0x03ff},
                     {0x387fe000, 0x0400},
                     {0x38800000, 0x0400},
                     {0x00000001, 0x0000},
                     {0x80000000, 0x8000}};
    for (const auto& [from, to] : roundings)
        CHECK_MESSAGE(float16(std::bit_cast<float>(from)).bits == to, from);
    for (std::uint32_t nan : {0x7f800001u, 0xffbfffffu, 0x7fc00000u})
        CHECK(std::isnan(static_cast<float>(float16(std::bit_cast<float>(nan)))));
    const Tensor x = tensor({1, -2.5, 65504, 1e5, -1e5, std::nan("")});
    const auto back = to(to(x, f16), f32).to_vector();
    CHECK(V(back.begin(), back.begin() + 5) == V{1, -2.5, 65504, inf, -inf});
    CHECK(std::isnan(back[5]));
    // each rounding for itself, through f32
    CHECK(to(to(tensor({1 + 0x1p-8, 1e-7}), f16), bf16).to_vector() == V{1, 0x1p-23});
}

#ifdef __FLT16_MANT_DIG__
TEST_CASE("tensor: f16 rounds as the compiler's _Float16 does") {
    int wrong = 0;
    for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 4099) {
        const auto value = std::bit_cast<float>(static_cast<std::uint32_t>(bits));
        if (!std::isnan(value))
            wrong +=
                float16(value).bits != std::bit_cast<std::uint16_t>(static_cast<_Float16>(value));
    }
    CHECK(wrong == 0);
}
#endif

TEST_CASE("tensor: ranges, constants, and one element of each dtype") {
    CHECK(arange(0, 1, 0.25).to_vector() == V{0, 0.25, 0.5, 0.75});
    CHECK(arange(3, 0, -1, {.dtype = i64}).to_vector() == V{3, 2, 1});
    CHECK(arange(0, -5).numel() == 0);
    CHECK(arange(1e300, 0).numel() == 0);
    CHECK(linspace(-1, 1, 5).to_vector() == V{-1, -0.5, 0, 0.5, 1});
    CHECK(linspace(2, 9, 1).to_vector() == V{2});
    CHECK(eye(2).to_vector() == V{1, 0, 0, 1});
    CHECK(tensor({}).shape() == Shape{0});
    const std::vector<std::int64_t> big = {(std::int64_t{1} << 62) + 1};
    CHECK(raw::clone(from_span(std::span(big.data(), 1), {1})).data<std::int64_t>()[0] == big[0]);
    for (DType dtype : {boolean, u8, i64, f16, bf16, f32, f64})
        CHECK(full({1, 1}, 1, {.dtype = dtype}).item() == 1);
}

TEST_CASE("allocator: threads allocate and free each other's tensors") {
    const std::size_t before = allocator_of(cpu).stats().live_bytes;
    Tensor passed[2][100];
    const auto work = [&](std::size_t me) {
        for (std::size_t i = 0; i < 100; ++i)
            passed[me][i] = full({static_cast<std::int64_t>(1 + 13 * i)}, static_cast<double>(i));
    };
    std::thread other(work, 1);
    work(0);
    other.join();
    for (std::size_t i = 0; i < 100; ++i) CHECK(mean(passed[1][i] - passed[0][i]).item() == 0);
    std::thread cleaner([&] {
        for (auto& list : passed) std::fill(std::begin(list), std::end(list), Tensor());
    });
    cleaner.join();
    CHECK(allocator_of(cpu).stats().live_bytes == before);
}

TEST_CASE("allocator: a steady training step takes no memory from the system") {
    const Tensor x = randn({64, 20}), target = randn({64, 1});
    std::vector<Tensor> weights = {randn({20, 32}), zeros({32}), randn({32, 1})};
    for (Tensor& w : weights) w.requires_grad_();
    const auto step = [&] {
        const Tensor loss = mean(
            squared_error(matmul(gelu(matmul(x, weights[0]) + weights[1]), weights[2]), target));
        backward(loss);
        NoGrad guard;
        for (Tensor& w : weights) {
            w.copy_(w - w.grad() * 0.01);
            w.set_grad({});
        }
        return loss.item();
    };
    double first = 0;
    for (int i = 0; i < 3; ++i) first = step();
    const MemoryStats warm = allocator_of(cpu).stats();
    double last = 0;
    for (int i = 0; i < 100; ++i) last = step();
    CHECK(allocator_of(cpu).stats().system_bytes == warm.system_bytes);
    CHECK(allocator_of(cpu).stats().live_bytes == warm.live_bytes);
    CHECK(last < first);
}
