// An undefined tensor: every member that needs one throws, and none crashes.
#include <doctest/doctest.h>

#include <functional>

#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("undefined: every member of Tensor throws an Error that says so") {
    const Tensor none;
    const Tensor one = ones({1});
    const std::vector<std::pair<const char*, std::function<void()>>> members{
        {"shape", [&] { none.shape(); }},
        {"strides", [&] { none.strides(); }},
        {"size", [&] { none.size(0); }},
        {"rank", [&] { none.rank(); }},
        {"numel", [&] { none.numel(); }},
        {"dtype", [&] { none.dtype(); }},
        {"device", [&] { none.device(); }},
        {"options", [&] { none.options(); }},
        {"offset", [&] { none.offset(); }},
        {"storage", [&] { none.storage(); }},
        {"is_contiguous", [&] { none.is_contiguous(); }},
        {"data", [&] { none.data<float>(); }},
        {"raw_data", [&] { none.raw_data(); }},
        {"item", [&] { none.item(); }},
        {"to_vector", [&] { none.to_vector(); }},
        {"as_strided", [&] { none.as_strided({1}, {1}, 0); }},
        {"copy_", [&] { Tensor().copy_(one); }},
        {"copy_ from", [&] { Tensor(one).copy_(none); }},
        {"fill_", [&] { Tensor().fill_(1); }},
        {"zero_", [&] { Tensor().zero_(); }},
        {"operator[]", [&] { none[0]; }},
        {"operator[] of a range", [&] { none[Slice{}]; }},
        {"operator[] of several",
         [&] {
             none[{0, 0}];
         }},
        {"requires_grad_", [&] { Tensor().requires_grad_(); }},
        {"requires_grad", [&] { none.requires_grad(); }},
        {"is_leaf", [&] { none.is_leaf(); }},
        {"grad", [&] { none.grad(); }},
        {"set_grad", [&] { none.set_grad(one); }},
    };
    for (const auto& [name, call] : members) {
        const std::string member = name;
        CAPTURE(member);
        CHECK(contains(error_of(call).sentence, "undefined"));
    }
    CHECK_FALSE(none.defined());
    CHECK(none.impl() == nullptr);
    CHECK(none.same_as(Tensor()));
    CHECK(describe(none).to_string() == "an undefined tensor");
}

TEST_CASE("as_strided: every element lies inside the storage") {
    const Tensor x = arange(0, 12);
    CHECK(x.as_strided({3, 4}, {4, 1}, 0).to_vector() == x.to_vector());
    CHECK(x.as_strided({2}, {11}, 0).to_vector() == std::vector<double>{0, 11});
    CHECK(x.as_strided({5, 0}, {1000, 1}, 12).numel() == 0);
    CHECK(x.as_strided({4}, {0}, 11).to_vector() == std::vector<double>(4, 11));
    const std::int64_t huge = std::int64_t{1} << 62;
    const auto refused = [&](const Shape& shape, const Strides& strides, std::int64_t offset) {
        return contains(error_of([&] { x.as_strided(shape, strides, offset); }).sentence,
                        "does not lie inside the storage");
    };
    CHECK(refused({64}, {1}, -64));
    CHECK(refused({13}, {1}, 0));
    CHECK(refused({12}, {1}, 1));
    CHECK(refused({2}, {12}, 0));
    CHECK(refused({}, {}, 12));
    CHECK(refused({3}, {-1}, 2));
    CHECK(refused({-1}, {1}, 0));
    CHECK(refused({2}, {1, 1}, 0));
    CHECK(refused({5}, {huge}, 0));
    CHECK(refused({huge, huge}, {0, 0}, 0));
    CHECK(refused({1}, {1}, INT64_MAX));
}

TEST_CASE("empty_strided: the strides lay out the elements densely") {
    CHECK(empty_strided({2, 3}, {1, 2}).strides() == Strides{1, 2});
    CHECK(empty_strided({2, 1, 3}, {3, 77, 1}).numel() == 6);
    CHECK(empty_strided({0, 3}, {5, 5}).numel() == 0);
    for (const Strides& strides : {Strides{1, 1}, Strides{6, 1}, Strides{0, 1}, Strides{-3, 1}})
        CHECK(contains(error_of([&] { empty_strided({2, 3}, strides); }).sentence, "densely"));
    CHECK_FALSE(error_of([] { empty_strided({2, 3}, {3}); }).sentence.empty());
}
