// Planted wrong derivatives: gradcheck must find each of them and say where it is.
#include <cstdio>

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

using Inputs = const std::vector<Tensor>&;

// x with its gradient changed on the way back.
Tensor tampered(const Tensor& x, GradientHook hook) {
    const Tensor y = x * 1.0;
    if (y.requires_grad()) register_hook(y, std::move(hook));
    return y;
}

struct Planted {
    const char* name;
    TensorFunction f;
    std::vector<Tensor> inputs;
    std::vector<std::string> says;      // fragments of the sentence
    bool first_order_is_right = false;  // then only gradgradcheck can find it
};

std::vector<Planted> planted() {
    const Tensor x = leaf(tensor({0.5, 1.5, -1, 2}, {2, 2}, {.dtype = f64})),
                 y = leaf(uniform({2, 2}));
    return {
        {"a factor of 1.001",
         [](Inputs in) {
             return sum(tampered(in[0], [](const Tensor& g) { return g * 1.001; }) * 3.0);
         },
         {x},
         {"input 0", "[0, 0] of [2, 2]", "analytic", "numeric"}},
        {"a wrong sign, second input",
         [](Inputs in) { return in[0] * tampered(in[1], [](const Tensor& g) { return -g; }); },
         {x, y},
         {"input 1", "[0, 0] of [2, 2]"}},
        {"one element only",
         [](Inputs in) {
             return square(tampered(in[0], [](const Tensor& g) {
                 return g + tensor({0, 0, 1e-4, 0}, {2, 2}, {.dtype = f64});
             }));
         },
         {x},
         {"input 0", "[1, 0] of [2, 2]"}},
        {"elements exchanged",
         [](Inputs in) {
             return exp(tampered(in[0], [](const Tensor& g) { return contiguous(transpose(g)); }));
         },
         {x},
         {"input 0", "[0, 1] of [2, 2]"}},
        {"a detached branch",
         [](Inputs in) { return in[0] * exp(detach(in[0])); },
         {x},
         {"input 0", "[0, 0]"}},
        {"a branch under NoGrad",
         [](Inputs in) {
             NoGrad guard;
             const Tensor scale = sum(in[0]);
             GradMode recording(true);
             return in[0] * scale;
         },
         {x},
         {"input 0"}},
        {"an input that is not differentiated at all",
         [](Inputs in) { return in[0] + detach(in[1]) * 0.5; },
         {x, y},
         {"input 1", "analytic 0"}},
        {"a rounded derivative",
         [](Inputs in) { return round(in[0]) + in[0] * in[0] - in[0] + detach(in[0]); },
         {x},
         {"input 0"}},
        {"a wrong second derivative",
         [](Inputs in) {
             return tampered(square(in[0]) * in[0], [](const Tensor& g) { return detach(g); });
         },
         {x},
         {"(second order)"},
         true},
        {"a first derivative that forgets its input",
         [](Inputs in) {  // the value is x^2 and the gradient 2 x, but of an x that is a constant
             const Tensor fixed = detach(in[0]);
             return fixed * fixed + (in[0] - fixed) * fixed * 2.0;
         },
         {x},
         {"(second order)"},
         true},
    };
}

}  // namespace

TEST_CASE("planted: gradcheck finds every wrong derivative and says where it is") {
    for (const Planted& p : planted()) {
        const GradcheckOptions options{.name = p.name};
        if (p.first_order_is_right) CHECK_NOTHROW(gradcheck(p.f, p.inputs, options));
        const Thrown error = error_of([&] {
            p.first_order_is_right ? gradgradcheck(p.f, p.inputs, options)
                                   : gradcheck(p.f, p.inputs, options);
        });
        CHECK_MESSAGE(error.op == "gradcheck", std::string(p.name), " went undetected");
        CHECK(contains(error.sentence, p.name));
        for (const std::string& part : p.says)
            CHECK_MESSAGE(contains(error.sentence, part), error.sentence, " does not say ", part);
    }
}

TEST_CASE("planted: the error holds the analytic and the numeric derivative") {
    const Tensor x = leaf(tensor({3}, {}, {.dtype = f64}));
    const Thrown error = error_of([&] {
        gradcheck(
            [](Inputs in) { return tampered(in[0], [](const Tensor& g) { return g * 2.0; }); }, {x},
            {.name = "identity"});
    });
    double analytic = 0, numeric = 0;
    const auto at = error.sentence.find("analytic ");
    REQUIRE(at != std::string::npos);
    REQUIRE(std::sscanf(error.sentence.c_str() + at, "analytic %lf; numeric %lf", &analytic,
                        &numeric) == 2);
    CHECK(analytic == doctest::Approx(2 * numeric));
    CHECK(contains(error.sentence, "identity: the gradient of input 0 at [0] of [1] is wrong"));
}

TEST_CASE("planted: gradcheck passes right derivatives and leaves inputs unchanged") {
    const Tensor x = leaf(uniform({2, 3}), Layout::transposed), constant = uniform({3});
    const auto before = x.to_vector();
    CHECK_NOTHROW(gradgradcheck([](Inputs in) { return tanh(in[0]) * in[1]; }, {x, constant}));
    CHECK(x.to_vector() == before);
    CHECK_FALSE(x.grad().defined());
}

TEST_CASE("planted: gradcheck throws on functions and inputs that it cannot check") {
    const Tensor x64 = leaf(uniform({2})), x32 = to(uniform({2}), f32).requires_grad_();
    const Tensor overlapping = uniform({1}).as_strided({3}, {0}, 0).requires_grad_();
    const struct {
        TensorFunction f;
        Tensor input;
        const char* says;
    } cases[] = {
        {[](Inputs in) { return in[0]; }, x32, "expected f64"},
        {[](Inputs in) { return to(in[0], f32); }, x64, "returned f32 [2]"},
        {[](Inputs) { return Tensor(); }, x64, "returned an undefined tensor"},
        {[](Inputs in) { return detach(in[0]); }, x64,
         "does not depend on an input that requires a gradient"},
        {[](Inputs in) { return in[0]; }, overlapping, "overlaps itself"},
    };
    for (const auto& [f, input, says] : cases) {
        const Thrown error = error_of([&, check = f, x = input] { gradcheck(check, {x}); });
        CHECK(error.op == "gradcheck");
        CHECK_MESSAGE(contains(error.sentence, says), error.sentence);
    }
}
