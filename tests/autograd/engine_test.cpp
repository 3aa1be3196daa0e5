// The engine: where gradients accumulate, which nodes run, hooks, anomaly mode, and what throws.
#include "autograd/engine.h"

#include <cmath>
#include <limits>
#include <thread>

#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

Tensor parameter(double value, const Shape& shape = {3}) {
    return full(shape, value, {.dtype = f64}).requires_grad_();
}
using V = std::vector<double>;

}  // namespace

TEST_CASE("engine: gradients are never summed into a shared buffer") {
    for (bool sum_first : {true, false}) {
        const Tensor a = parameter(1), b = parameter(1);
        const Tensor c = a + b, d = a * 3.0;
        backward(sum(sum_first ? c + d : d + c));
        CHECK(a.grad().to_vector() == V{4, 4, 4});
        CHECK(b.grad().to_vector() == V{1, 1, 1});  // 4 where c's gradient is summed in place
    }
    const Tensor a = parameter(1), b = parameter(1);
    const Tensor seed = full({3}, 2, {.dtype = f64});
    backward(a + b, {.gradient = seed});
    a.grad().fill_(7);
    CHECK(b.grad().to_vector() == V{2, 2, 2});
    CHECK(seed.to_vector() == V{2, 2, 2});
    const Tensor before = b.grad();
    backward(b * 5.0, {.gradient = seed});
    CHECK(before.to_vector() == V{2, 2, 2});
    CHECK(b.grad().to_vector() == V{12, 12, 12});
}

TEST_CASE("engine: shared sub-expressions, diamonds and leaves used again") {
    const Tensor x = parameter(2);
    const Tensor square = x * x, product = square * x;
    const Tensor y = sum(product + square + x + product);  // 2 x^3 + x^2 + x
    CHECK(grad(y, {x})[0].to_vector() == V{29, 29, 29});
    const Tensor z = sum(x * 1.0 + expand(sum(x), {3}) * x);  // x_i + x_i sum x
    CHECK(grad(z, {x})[0].to_vector() == V{13, 13, 13});
    const Tensor w = parameter(3);
    CHECK(grad(sum(x * w - w * x), {x, w})[1].to_vector() == V{0, 0, 0});
}

TEST_CASE("engine: ops of more inputs than a word has bits") {
    std::vector<Tensor> parts;
    for (int i = 0; i < 70; ++i) parts.push_back(full({2}, i).requires_grad_());
    const Tensor joined = concat(parts);
    backward(sum(joined * arange(0, 140)));
    for (int i = 0; i < 70; ++i)
        CHECK(parts[static_cast<std::size_t>(i)].grad().to_vector() == V{2.0 * i, 2.0 * i + 1});
}

TEST_CASE("engine: backward accumulates into leaves, grad does not touch them") {
    const Tensor x = parameter(2);
    CHECK_FALSE(x.grad().defined());
    grad(sum(x * x), {x});
    CHECK_FALSE(x.grad().defined());
    backward(sum(x * x));
    backward(sum(x * 3.0));
    CHECK(x.grad().to_vector() == V{7, 7, 7});
    x.set_grad({});
    CHECK_FALSE(x.grad().defined());
    CHECK(x.is_leaf());
    CHECK_FALSE((x * 2.0).is_leaf());
}

TEST_CASE(
    "engine: gradients of interior tensors, of the output itself, of an input asked for twice") {
    const Tensor x = parameter(2), y = x * x, z = y * 3.0, loss = sum(z * y);  // 3 x^4
    const auto g = grad(loss, {y, x, z, loss, x});
    CHECK(g[0].to_vector() == V{24, 24, 24});
    CHECK(g[1].to_vector() == V{96, 96, 96});
    CHECK(g[2].to_vector() == V{4, 4, 4});
    CHECK(g[3].item() == 1);
    CHECK(g[4].to_vector() == g[1].to_vector());
}

TEST_CASE("engine: an input that was not used is an error, or undefined when allowed") {
    const Tensor x = parameter(2), other = parameter(1, {4, 5}), y = x * x;
    const Thrown error = error_of([&] { grad(sum(y), {x, other}, {.retain_graph = true}); });
    CHECK(error.op == "grad");
    CHECK(contains(error.sentence, "does not depend on input 1 (f64 [4, 5])"));
    const auto g = grad(sum(x * x), {other, x}, {.allow_unused = true});
    CHECK_FALSE(g[0].defined());
    CHECK(g[1].to_vector() == V{4, 4, 4});
}

TEST_CASE("engine: hooks receive the gradient, may replace it, and are checked") {
    const Tensor x = parameter(2), y = x * x;
    int calls = 0;
    register_hook(y, [&](const Tensor& g) {
        ++calls;
        CHECK(g.to_vector() == V{6, 6, 6});  // complete: both uses have been added
        return Tensor();
    });
    register_hook(y, [](const Tensor& g) { return g * 10.0; });
    backward(sum(y * 2.0 + y * 4.0));
    CHECK(calls == 1);
    CHECK(x.grad().to_vector() == V{240, 240, 240});

    const Tensor w = parameter(1), v = w * w;
    register_hook(w, [](const Tensor& g) { return -g; });
    CHECK(grad(sum(w * 5.0), {w})[0].to_vector() == V{-5, -5, -5});
    register_hook(v, [](const Tensor&) { return zeros({2}, {.dtype = f64}); });
    const Thrown error = error_of([&] { backward(sum(v)); });
    CHECK(error.op == "mul");
    CHECK(contains(error.sentence, "hook returned f64 [2]; expected f64 [3]"));
}

TEST_CASE("engine: only the nodes on the way to what was asked for run") {
    const Tensor x = parameter(2), w = parameter(3), v = parameter(4);
    int runs[3] = {0, 0, 0};
    const Tensor parts[] = {x * x, w * w, v * v};
    for (int i = 0; i < 3; ++i)
        register_hook(parts[i], [&runs, i](const Tensor&) {
            ++runs[i];
            return Tensor();
        });
    const Tensor loss = sum(parts[0] * parts[1] + parts[2]);
    const auto g = grad(loss, {w}, {.retain_graph = true});
    CHECK(g[0].to_vector() == V{24, 24, 24});
    CHECK(runs[0] == 0);
    CHECK(runs[1] == 1);
    CHECK(runs[2] == 0);
    grad(loss, {parts[1]}, {.retain_graph = true});  // an interior target: nothing behind it runs
    CHECK(runs[1] == 2);
    backward(loss);
    CHECK(runs[0] == 1);
    CHECK(runs[2] == 1);
}

TEST_CASE("engine: detach, NoGrad, and what cannot have a gradient") {
    const Tensor x = parameter(3);
    CHECK(grad(sum(detach(x) * x), {x})[0].to_vector() == V{3, 3, 3});
    CHECK(&detach(x).storage() == &x.storage());
    {
        NoGrad guard;
        CHECK_FALSE(grad_enabled());
        CHECK_FALSE((x * x).requires_grad());
        CHECK_FALSE(reshape(x, {3, 1}).requires_grad());
        GradMode again(true);
        CHECK((x * x).requires_grad());
    }
    CHECK(grad_enabled());
    for (const Tensor& y : {x > 0.0, to(x, i64), isnan(x), argmax(x, 0), to(x, f16), to(x, bf16)})
        CHECK_FALSE(y.requires_grad());
    CHECK(to(x, f32).requires_grad());
    CHECK_FALSE((detach(x) * 2.0).requires_grad());
}

TEST_CASE("engine: a gradient penalty, to third order") {
    const std::vector<Tensor> inputs = {leaf(uniform({2, 3})), leaf(uniform({3, 4}, -1, 1, 2)),
                                        leaf(uniform({4, 1}, -1, 1, 3))};
    // (||d D/dx|| - 1)^2, D = gelu(x W) v   (Gulrajani et al. 2017)
    const TensorFunction penalty = [](const std::vector<Tensor>& in) {
        GradMode recording(true);
        const Tensor score = matmul(gelu(matmul(in[0], in[1])), in[2]);
        const Tensor g = grad(sum(score), {in[0]}, {.create_graph = true})[0];
        return square(norm(g, 2, {1}) - 1.0);
    };
    CHECK_NOTHROW(gradcheck(penalty, inputs));
    CHECK_NOTHROW(gradgradcheck(penalty, inputs, {.absolute = 1e-6}));
    // gelu's own derivatives go to order 3; the penalty's second derivative is its third.
    const Tensor x = parameter(0.5, {});
    Tensor y = silu(x);
    for (int order = 1; order <= 3; ++order) y = grad(y, {x}, {.create_graph = true})[0];
    const Thrown error = error_of([&] { grad(y, {x}); });
    CHECK(error.op == "silu");
    CHECK(contains(error.sentence, "derivative of order 4"));
    CHECK(contains(error.sentence, "max_order_of"));
}

TEST_CASE("engine: .grad() made with create_graph can be differentiated") {
    const Tensor x = parameter(2);
    backward(sum(x * x * x), {.create_graph = true});
    CHECK(x.grad().requires_grad());
    CHECK(grad(sum(x.grad()), {x})[0].to_vector() == V{12, 12, 12});
    x.set_grad({});  // x owns its gradient, whose graph owns x
}

TEST_CASE("engine: anomaly mode names the forward op and the line that called it") {
    const Tensor x = tensor({0.0, 1.0}, {2}, {.dtype = f64}).requires_grad_();
    Thrown error;
    int line = 0;
    {
        AnomalyMode anomaly;
        line = __LINE__ + 1;
        const Tensor y = sum(pow(x, 0.5));
        error = error_of([&] { backward(y); });
    }
    CHECK(error.op == "pow_scalar");
    CHECK(contains(error.sentence, "NaN or an infinity in the gradient of input 0 (f64 [2])"));
    if (contains(error.sentence, "engine_test.cpp"))
        CHECK_MESSAGE(contains(error.sentence, "engine_test.cpp:" + std::to_string(line)),
                      error.sentence);
    else
        MESSAGE("no source line (addr2line or debug information is missing): " << error.sentence);
    const Tensor y = sum(pow(x, 0.5));
    // no anomaly mode: no check
    CHECK(std::isinf(grad(y, {x}, {.retain_graph = true})[0].to_vector()[0]));
    AnomalyMode anomaly;
    CHECK(contains(error_of([&] { backward(y); }).sentence, "outside anomaly mode"));
}

TEST_CASE("engine: two threads with a graph each") {
    std::vector<double> results[2];
    const auto work = [&](std::size_t i) {
        for (int round = 0; round < 200; ++round) {
            const Tensor x = parameter(static_cast<double>(i + 1));
            Tensor y = x;
            for (int k = 0; k < 20; ++k) y = y * x;
            results[i] = grad(sum(y), {x})[0].to_vector();  // 21 x^20
        }
    };
    std::thread other(work, 1);
    work(0);
    other.join();
    CHECK(results[0] == V{21, 21, 21});
    CHECK(results[1] == V(3, 21 * std::pow(2.0, 20)));
}
