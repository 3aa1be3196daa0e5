// Handles, views, versions, leaves, and the memory behind tensors.
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
#include "tensor/create.h"
#include "tensor/random.h"
#include "tensor/raw_copy.h"
#include "tensor/runtime/allocator.h"

using namespace eps;

namespace {

using V = std::vector<double>;

std::string op_that_throws(const std::function<void()>& f) {
    try {
        f();
    } catch (const Error& error) { return error.op(); }
    return "";
}

}  // namespace

TEST_CASE("tensor: views share storage and show each other's writes") {
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
    CHECK(full({2}, -1, {.dtype = i64}).to_vector() == V{-1, -1});
    CHECK(op_that_throws([] { full({2}, -1.7, {.dtype = i64}); }) == "full");
    CHECK(full({2}, 0.25, {.dtype = boolean}).to_vector() == V{1, 1});
}

TEST_CASE(
    "tensor: writing to a tensor that requires a gradient throws while gradients are recorded") {
    Tensor x = ones({3});
    CHECK_FALSE(x.requires_grad());
    CHECK(x.is_leaf());
    CHECK(x.requires_grad_().same_as(x));
    CHECK(x.requires_grad());
    Tensor y = x * 2.0;
    CHECK_FALSE(y.is_leaf());
    CHECK(op_that_throws([&] { y.requires_grad_(); }) == "requires_grad_");
    CHECK(op_that_throws([&] { x.fill_(2); }) == "fill_");
    CHECK(op_that_throws([&] { x.copy_(zeros({3})); }) == "copy_");
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
        CHECK(op_that_throws([&] { zeros({1}, {.dtype = dtype}).requires_grad_(); }) ==
              "requires_grad_");
}

TEST_CASE("tensor: shapes broadcast, and strides say whether a tensor is contiguous") {
    const Tensor x = zeros({2, 3, 4});
    CHECK(x.strides() == Strides{12, 4, 1});
    CHECK(x.size(-1) == 4);
    CHECK(x.numel() == 24);
    CHECK(x.is_contiguous());
    CHECK_FALSE(transpose(x).is_contiguous());
    CHECK(transpose(zeros({1, 5})).is_contiguous());  // an extent of 1 has no order
    // A tensor without elements has none either.
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

TEST_CASE(
    "dims_by_stride sorts by falling stride; dimensions that must not move keep their position") {
    CHECK(dims_by_stride({12, 4, 1}) == Dims{0, 1, 2});
    CHECK(dims_by_stride({12, 1, 3}) == Dims{0, 2, 1});  // channels-last
    CHECK(dims_by_stride({2, 2, 2}) == Dims{0, 1, 2});
    CHECK(dims_by_stride({0, 5}) == Dims{1, 0});
    CHECK(dims_by_stride({0, 5}, [](int d) { return d == 0; }) == Dims{0, 1});
}

TEST_CASE("an error gives the op, the sentence, and both together") {
    const Error error("matmul", "inner dimensions differ");
    CHECK(error.op() == "matmul");
    CHECK(error.sentence() == "inner dimensions differ");
    CHECK(std::string(error.what()) == "matmul: inner dimensions differ");
}

TEST_CASE("tensor: arange, linspace, eye, tensor and full make the elements they promise") {
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
