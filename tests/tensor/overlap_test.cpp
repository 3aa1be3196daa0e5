// Tensors that share memory: whether they do, and that a write through one of them reads first.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <set>

#include "tensor/overlap.h"
#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

namespace {

// The place of every element, in row-major order.
std::vector<std::int64_t> places_of(const Tensor& x) {
    std::vector<std::int64_t> places;
    std::vector<std::int64_t> index(static_cast<std::size_t>(x.rank()), 0);
    for (std::int64_t n = 0; n < x.numel(); ++n) {
        std::int64_t place = x.offset(), rest = n;
        for (int d = x.rank() - 1; d >= 0; --d) {
            place += rest % x.size(d) * x.strides()[d];
            rest /= x.size(d);
        }
        places.push_back(place);
    }
    return places;
}

Tensor random_view(const Tensor& memory, std::mt19937& random, int most_dims) {
    const auto pick = [&](std::int64_t low, std::int64_t high) {
        return std::uniform_int_distribution<std::int64_t>(low, high)(random);
    };
    for (;;) {
        Shape shape;
        Strides strides;
        std::int64_t last = pick(0, 30);
        const std::int64_t offset = last;
        for (std::int64_t d = pick(0, most_dims); d > 0; --d) {
            shape.push_back(pick(0, 9) == 0 ? 0 : pick(1, 5));
            strides.push_back(pick(0, 12));
            last += (shape.back() - 1) * strides.back();
        }
        if (last < memory.numel()) return memory.as_strided(shape, strides, offset);
    }
}

}  // namespace

TEST_CASE("overlap: whether a tensor overlaps itself is exact up to two interleaved dimensions") {
    const Tensor memory = zeros({200});
    std::mt19937 random(1);
    int overlapping = 0;
    for (int trial = 0; trial < 4000; ++trial) {
        const Tensor x = random_view(memory, random, 2);
        const std::vector<std::int64_t> places = places_of(x);
        const bool meets = std::set(places.begin(), places.end()).size() < places.size();
        CAPTURE(x.shape().to_string());
        CAPTURE(x.strides().to_string());
        CHECK(overlaps_itself(x) == meets);
        overlapping += meets;
    }
    CHECK(overlapping > 200);
    for (int trial = 0; trial < 4000; ++trial) {  // with more, it may say yes where it is no
        const Tensor x = random_view(memory, random, 4);
        const std::vector<std::int64_t> places = places_of(x);
        const bool meets = std::set(places.begin(), places.end()).size() < places.size();
        if (meets) CHECK(overlaps_itself(x));
    }
    const Tensor image = zeros({3, 4, 5, 6});
    for (const Tensor& view : {transpose(image, 1, 3), image, slice(image, 2, 1, 4, 2),
                               diagonal(image, 0, 0, 2), squeeze(narrow(image, 0, 1, 1), 0)})
        CHECK_FALSE(overlaps_itself(view));
}

TEST_CASE("overlap: tensors that share an element are never taken for disjoint") {
    const Tensor memory = zeros({200});
    std::mt19937 random(2);
    std::map<Overlap, int> counts;
    int exact = 0, none = 0;
    for (int trial = 0; trial < 6000; ++trial) {
        const Tensor a = random_view(memory, random, 3), b = random_view(memory, random, 3);
        const std::vector<std::int64_t> of_a = places_of(a), of_b = places_of(b);
        const std::set<std::int64_t> set_a(of_a.begin(), of_a.end());
        bool meets = false;
        for (std::int64_t place : of_b) meets = meets || set_a.contains(place);
        const Overlap overlap = overlap_of(a, b);
        CAPTURE(a.strides().to_string());
        CAPTURE(b.strides().to_string());
        if (meets) CHECK(overlap != Overlap::none);
        if (overlap == Overlap::identical) CHECK(of_a == of_b);
        none += !meets;
        exact += !meets && overlap == Overlap::none;
        ++counts[overlap];
    }
    CHECK(exact > none / 2);  // most disjoint ones are recognised
    CHECK(overlap_of(memory, zeros({200})) == Overlap::none);
    CHECK(overlap_of(memory, Tensor(memory)) == Overlap::identical);
    const Tensor matrix = zeros({6, 4});
    CHECK(overlap_of(select(matrix, 1, 0), select(matrix, 1, 3)) == Overlap::none);
    CHECK(overlap_of(matrix[Slice{0, 3}], matrix[Slice{3, 6}]) == Overlap::none);
    CHECK(overlap_of(matrix[Slice{0, 4}], matrix[Slice{3, 6}]) == Overlap::partial);
}

TEST_CASE("copy_: where source and target overlap, the source is read first") {
    Tensor a = arange(0, 200000);
    slice(a, 0, 1000).copy_(slice(a, 0, 0, -1000));
    const std::vector<double> moved = a.to_vector();
    for (std::size_t i = 1000; i < moved.size(); ++i)
        if (moved[i] != static_cast<double>(i - 1000)) FAIL("element " << i << " is " << moved[i]);

    Tensor rows = reshape(arange(0, 500 * 500), {500, 500});
    const Tensor before = clone(rows);
    rows[Slice{1}].copy_(rows[Slice{0, -1}]);
    CHECK(rows[Slice{1}].to_vector() == before[Slice{0, -1}].to_vector());

    Tensor square = reshape(arange(0, 9), {3, 3});
    square.copy_(transpose(square));
    CHECK(square.to_vector() == std::vector<double>{0, 3, 6, 1, 4, 7, 2, 5, 8});
    square.copy_(square);
    CHECK(square.to_vector() == std::vector<double>{0, 3, 6, 1, 4, 7, 2, 5, 8});
    square.copy_(square[0]);  // broadcast
    CHECK(square.to_vector() == std::vector<double>{0, 3, 6, 0, 3, 6, 0, 3, 6});

    const Tensor memory = rand({200});
    std::mt19937 random(3);
    for (int trial = 0; trial < 2000; ++trial) {
        Tensor target = random_view(memory, random, 3), source = random_view(memory, random, 3);
        if (overlaps_itself(target) || !broadcastable_to(source.shape(), target.shape())) continue;
        const std::vector<double> expected = clone(expand(source, target.shape())).to_vector();
        target.copy_(source);
        CHECK(target.to_vector() == expected);
    }
}

TEST_CASE("writes: a target that overlaps itself is refused, and a write counts once") {
    Tensor wide = expand(zeros({3, 1}), {3, 4});
    CHECK(contains(error_of([&] { wide.copy_(ones({3, 4})); }).sentence, "overlaps itself"));
    CHECK(contains(error_of([&] { wide.fill_(1); }).sentence, "overlaps itself"));
    CHECK(wide.to_vector() == std::vector<double>(12, 0));
    CHECK(wide.storage().version() == 0);
    const Tensor running = expand(zeros({1}), {3});
    CHECK(contains(error_of([&] {
                       batch_norm(rand({2, 3, 4, 4}), running, ones({3}));
                   }).sentence,
                   "overlaps itself"));
    expand(zeros({3, 1}), {3, 1}).fill_(1);  // broadcast over one element only
    expand(zeros({0, 1}), {0, 4}).fill_(1);  // over no element
}

TEST_CASE(
    "optimisers: a gradient in the parameter's own memory, and parameters that share theirs") {
    const Tensor memory = arange(0, 12, 1, {.dtype = f64});
    Tensor p = memory.as_strided({8}, {1}, 4).requires_grad_();
    p.set_grad(memory.as_strided({8}, {1}, 0));  // shifted by four elements
    nn::SGD sgd({p}, {.lr = 0.5});
    sgd.step();
    std::vector<double> expected;
    for (int i = 0; i < 8; ++i) expected.push_back(i + 4 - 0.5 * i);
    CHECK(p.to_vector() == expected);

    Tensor q = memory.as_strided({4}, {1}, 0).requires_grad_();
    Tensor r = memory.as_strided({4}, {1}, 3).requires_grad_();
    CHECK(contains(error_of([&] { nn::SGD({q, r}, {}); }).sentence, "share memory"));
    Tensor next = memory.as_strided({4}, {1}, 4).requires_grad_();
    nn::SGD({q, next}, {});
}
