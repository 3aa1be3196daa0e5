// Structured ops that the library does not list: one's own, with a backward by hand.
#include "autograd/engine.h"
#include "autograd/op.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

/// round(x), differentiated as if it were x.
struct RoundStraightThrough {
    static constexpr const char* name = "round_straight_through";
    using saves = SaveNothing;
    Tensor forward(const Tensor& x) const { return round(x); }
    void backward(const Tensor& g, const Context&, Gradients out) const { out[0] = g; }
};

/// a b, with a backward that reads more than it saves.
template <class Saves> struct Product {
    static constexpr const char* name = "product";
    using saves = Saves;
    Tensor forward(const Tensor& a, const Tensor& b) const { return a * b; }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = g * context.input(1);
        out[1] = g * (context.input(0) + 0 * context.output());
    }
};

template <class Saves> Thrown error_of_product() {
    const Tensor a = leaf(uniform({3}));
    const Tensor b = leaf(uniform({3}));
    return error_of([&] { backward(sum(apply(Product<Saves>{}, a, b))); });
}

/// x, with a backward that reads an input which it does not have.
struct Same {
    static constexpr const char* name = "same";
    using saves = SaveAllInputs;
    Tensor forward(const Tensor& x) const { return x; }
    void backward(const Tensor& g, const Context& context, Gradients out) const {
        out[0] = g + context.input(1);
    }
};

}  // namespace

TEST_CASE("own op: a backward by hand holds for derivatives of every order") {
    const Tensor x = tensor({0.4, 1.6, -2.7}, {}, {.dtype = f64}).requires_grad_();
    const Tensor y = apply(RoundStraightThrough{}, x);
    CHECK(y.to_vector() == std::vector<double>{0, 2, -3});
    const Tensor dx = grad(sum(square(y)), {x}, {.create_graph = true})[0];
    CHECK(dx.to_vector() == std::vector<double>{0, 4, -6});
    CHECK(grad(sum(dx), {x})[0].to_vector() == std::vector<double>{2, 2, 2});
}

TEST_CASE("own op: a backward that reads what `saves` does not name throws, with the remedy") {
    const auto first = error_of_product<SaveInputs<0>>();
    CHECK(first.op == "product");
    CHECK(contains(first.sentence, "its backward reads input 1, which `saves` does not name"));
    CHECK(contains(first.sentence, "hint: using saves = SaveInputs<0, 1>"));
    const auto none = error_of_product<SaveNothing>();
    CHECK(contains(none.sentence, "hint: using saves = SaveInputs<1>"));
    const auto output = error_of_product<SaveInputs<0, 1>>();
    CHECK(contains(output.sentence, "its backward reads the output, which `saves` does not name"));
    CHECK(contains(output.sentence, "hint: using saves = SaveInputsAndOutput<0, 1>"));
    CHECK(error_of_product<SaveInputsAndOutput<0, 1>>().op.empty());
}

TEST_CASE("own op: a backward that reads an input which it does not have throws") {
    const Tensor x = leaf(uniform({3}));
    const Thrown error = error_of([&] { backward(sum(apply(Same{}, x))); });
    CHECK(error.op == "same");
    CHECK(contains(error.sentence, "its backward reads input 1; got 1 inputs"));
}
