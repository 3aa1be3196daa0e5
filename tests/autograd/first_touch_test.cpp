// What one writes first with a tensor: x[i], x[{i, j}], x += y.
#include <type_traits>

#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;
using V = std::vector<double>;

namespace {

Tensor counted(const Shape& shape) {
    return reshape(arange(0, static_cast<double>(numel(shape)), 1, {.dtype = f64}), shape);
}

template <class T>
concept AssignableElement = requires(T x) {
    x[0] = x;
};
template <class T>
concept AddableElement = requires(T x) {
    x[0] += x;
};

}  // namespace

TEST_CASE("x[..]: positions drop their dimension, slices keep it") {
    const Tensor x = counted({2, 3, 4});
    CHECK(x[1].shape() == Shape{3, 4});
    CHECK(x[1].to_vector() == select(x, 0, 1).to_vector());
    CHECK(x[-1].to_vector() == x[1].to_vector());
    CHECK(x[{1, 2}].to_vector() == V{20, 21, 22, 23});
    CHECK(x[{1, -1, 0}].item() == 20);
    CHECK(x[1][2][3].item() == 23);
    CHECK(x[Slice{1, 2}].shape() == Shape{1, 3, 4});
    CHECK(x[Slice{}].shape() == x.shape());
    CHECK(x[{Slice{}, 0}].to_vector() == V{0, 1, 2, 3, 12, 13, 14, 15});
    CHECK(x[{0, Slice{1, 3}, Slice{.step = 2}}].to_vector() == V{4, 6, 8, 10});
    CHECK(x[{0, Slice{-1}, Slice{-2, -1}}].to_vector() == V{10});
    CHECK(x[{Slice{5, 9}}].shape() == Shape{0, 3, 4});
    const int row = 1;
    CHECK(x[{row, 0, 0}].item() == 12);
}

TEST_CASE("x[..]: the result is a view, and assigning to it does not compile") {
    const Tensor x = counted({2, 3});
    const Tensor row = x[1], column = x[{Slice{}, 2}];
    CHECK(&row.storage() == &x.storage());
    CHECK(&column.storage() == &x.storage());
    x[1].fill_(7);
    CHECK(x.to_vector() == V{0, 1, 2, 7, 7, 7});
    CHECK(column.to_vector() == V{2, 7});
    CHECK_FALSE(AssignableElement<Tensor>);
    CHECK_FALSE(AddableElement<Tensor>);
    CHECK(std::is_nothrow_move_assignable_v<Tensor>);
}

TEST_CASE("x[..]: gradients of first and second order, in every layout") {
    const auto f = [](const std::vector<Tensor>& in) {
        const Tensor& x = in[0];
        return square(x[{1, Slice{0, 3, 2}}]) * x[0][{Slice{1, 3}, -1}] + x[{1, 0, 0}];
    };
    for (Layout layout : all_layouts) {
        CHECK_NOTHROW(gradcheck(f, {leaf(uniform({2, 3, 2}), layout)}));
        CHECK_NOTHROW(gradgradcheck(f, {leaf(uniform({2, 3, 2}), layout)}));
    }
}

TEST_CASE("+=, -=, *=, /=: rebind the variable and leave other handles alone") {
    const Tensor a = counted({2, 2}) + 1.0, b = counted({2, 2}) + 2.0, row = b[0];
    const auto updated = [&](auto update) {
        Tensor x = a;
        update(x);
        CHECK_FALSE(x.same_as(a));
        CHECK(a.to_vector() == V{1, 2, 3, 4});
        return x.to_vector();
    };
    CHECK(updated([&](Tensor& x) { x += b; }) == (a + b).to_vector());
    CHECK(updated([&](Tensor& x) { x -= b; }) == (a - b).to_vector());
    CHECK(updated([&](Tensor& x) { x *= row; }) == (a * row).to_vector());
    CHECK(updated([&](Tensor& x) { x /= b; }) == (a / b).to_vector());
    CHECK(updated([&](Tensor& x) { x += 2; }) == (a + 2).to_vector());
    CHECK(updated([&](Tensor& x) { x -= 2; }) == (a - 2).to_vector());
    CHECK(updated([&](Tensor& x) { x *= 2; }) == (a * 2).to_vector());
    CHECK(updated([&](Tensor& x) { x /= 2; }) == (a / 2).to_vector());
    Tensor x = a;
    (x += 1) *= 2;
    CHECK(x.to_vector() == V{4, 6, 8, 10});
}

TEST_CASE("+=, -=, *=, /=: a graph that is being recorded keeps the values it saved") {
    const auto f = [](const std::vector<Tensor>& in) {
        Tensor y = in[0];
        const Tensor product = y * in[1];  // saves in[0], which y names
        y *= in[1];
        y += product;
        y -= in[0] * 3.0;
        y /= exp(in[1]);
        y *= y;
        return y;
    };
    const std::vector<Tensor> inputs{leaf(uniform({2, 3}, -2, 2, 1)), leaf(uniform({3}, -2, 2, 2))};
    CHECK_NOTHROW(gradcheck(f, inputs));
    CHECK_NOTHROW(gradgradcheck(f, inputs));
}

TEST_CASE("+=, -=, *=, /=: a variable never changes its shape or dtype") {
    Tensor small = counted({2}), whole = zeros({2}, {.dtype = i64});
    CHECK(contains(error_of([&] { small += zeros({3, 2}); }).sentence, "f64 [3, 2]"));
    CHECK(small.to_vector() == V{0, 1});
    CHECK(contains(error_of([&] { whole += ones({2}); }).sentence, "a result f32 [2]"));
    whole += 3;
    CHECK(whole.dtype() == i64);
    CHECK(whole.to_vector() == V{3, 3});
}
