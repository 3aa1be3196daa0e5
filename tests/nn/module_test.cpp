// Modules: names, state dicts, modes, moves, and what they reject.
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "nn/module.h"

#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/reduction/reduce.h"
#include "nn/layers/activation.h"
#include "nn/layers/dropout.h"
#include "nn/layers/embedding.h"
#include "nn/layers/linear.h"
#include "nn/sequential.h"
#include "tests/golden/nn_golden.h"
#include "tests/nn/support.h"

using namespace eps;
using namespace nn_test;

namespace {

// The module whose names make_nn_golden.py asks PyTorch for.
struct Net : nn::Module {
    Generator generator;
    Tensor scale = zeros({2}), steps = zeros({});
    nn::Embedding embedding{5, 2, {.generator = &generator}};
    nn::Sequential body;
    explicit Net(std::uint64_t seed = 0) : generator(seed) {
        add_parameter("scale", scale);
        add("embedding", embedding);
        add_buffer("steps", steps);
        auto tail = std::make_unique<nn::Sequential>();
        tail->add<nn::Linear>(3, 2, {.bias = false, .generator = &generator});
        tail->add<nn::Flatten>().add<nn::Dropout>(0.1, generator);
        body.add<nn::Linear>(2, 3, {.generator = &generator}).add<nn::ReLU>().add(std::move(tail));
        add("body", body);
    }
    Tensor forward(const Tensor& index) override { return body(embedding(index)) * scale; }
};

std::vector<std::vector<double>> values_of(const nn::Module& module) {
    std::vector<std::vector<double>> out;
    for (const auto& [name, tensor] : module.state_dict()) out.push_back(tensor.to_vector());
    return out;
}

NamedTensors copies(const nn::Module& module) {
    NamedTensors out;
    for (const auto& [name, tensor] : module.state_dict()) out.emplace_back(name, clone(tensor));
    return out;
}

struct Tied : nn::Module {
    nn::Linear first{3, 3}, second{3, 3};
    Tied() {
        second.weight = first.weight;
        add("first", first);
        add("second", second);
    }
};

}  // namespace

TEST_CASE("state dicts have PyTorch's names in PyTorch's order") {
    const Net net;
    CHECK(names_of(net.state_dict()) == golden::state_names);
    CHECK(net.parameters().size() == 5);
    CHECK(net.named_buffers().size() == 1);
    CHECK(net.parameter_count() == 2 + 10 + 9 + 6);
}

TEST_CASE("a state dict is saved and loaded in any order") {
    const Net from(1);
    Net to(2);
    CHECK(values_of(from) != values_of(to));
    NamedTensors state = copies(from);
    std::reverse(state.begin(), state.end());
    to.load_state_dict(state);
    CHECK(values_of(from) == values_of(to));
    CHECK(to.scale.requires_grad());
    to.load_state_dict(to.state_dict());  // its own tensors
    CHECK(values_of(from) == values_of(to));
}

TEST_CASE("a state that does not fit changes nothing, and the error names every fault") {
    Net net(1);
    const auto before = values_of(net);
    NamedTensors state = copies(Net(2));
    state[0].second = zeros({3});                // scale: shape
    state[2].second = to(state[2].second, f64);  // embedding.weight: dtype
    // unknown, and the right one missing
    state[3].first = "body.0.Weight";
    state.push_back(state[4]);  // body.0.bias twice
    const std::string error = error_of([&] { net.load_state_dict(state); });
    CHECK(contains(error, "load_state_dict: the state does not fit, and nothing was changed"));
    CHECK(contains(error, "missing body.0.weight"));
    CHECK(contains(error, "unknown body.0.Weight"));
    CHECK(contains(error, "given twice body.0.bias"));
    CHECK(contains(error, "scale (got f32 [3], expected f32 [2])"));
    CHECK(contains(error, "embedding.weight (got f64 [5, 2], expected f32 [5, 2])"));
    CHECK(values_of(net) == before);
    CHECK(contains(error_of([&] { net.load_state_dict({}); }),
                   "missing scale, steps, embedding.weight"));
    state = copies(net);
    state[0].second = Tensor();
    CHECK(contains(error_of([&] { net.load_state_dict(state); }), "an undefined tensor"));
}

TEST_CASE("errors shorten long lists of faults") {
    nn::Sequential net;
    for (int i = 0; i < 20; ++i) net.add<nn::Linear>(1, 1);
    CHECK(contains(error_of([&] { net.load_state_dict({}); }), "3.bias and 32 more"));
}

TEST_CASE("training mode, gradients and freezing reach every submodule") {
    Net net;
    auto& tail = net.body[2];
    CHECK(tail.is_training());
    net.eval();
    CHECK(!tail.is_training());
    net.train();
    CHECK(tail.is_training());

    const std::vector<std::int64_t> index{0, 4};
    const auto loss = [&] { return sum(square(net(from_span(std::span(index), {2})) + 1)); };
    backward(loss());
    CHECK(net.scale.grad().defined());
    net.zero_grad();
    for (const Tensor& p : net.parameters()) CHECK(!p.grad().defined());
    net.requires_grad_(false);
    CHECK(!loss().requires_grad());
    CHECK(net.parameters().size() == 5);
    net.requires_grad_(true);
    CHECK(loss().requires_grad());
}

TEST_CASE("tied weights are one parameter with two names") {
    const Tied tied;
    CHECK(tied.parameters().size() == 3);
    CHECK(tied.parameter_count() == 9 + 3 + 3);
    CHECK(tied.state_dict().size() == 4);
}

TEST_CASE("to() changes the contents of tensors and keeps their handles") {
    Net net;
    const std::vector<Tensor> handles = net.parameters();
    const auto before = values_of(net);
    net.to(f64);
    CHECK(values_of(net) == before);
    CHECK(net.scale.dtype() == f64);
    CHECK(net.steps.dtype() == f64);
    for (std::size_t i = 0; i < handles.size(); ++i) CHECK(handles[i].same_as(net.parameters()[i]));
    const std::vector<std::int64_t> index{1};
    backward(sum(net(from_span(std::span(index), {1}))));
    CHECK(handles[0].grad().dtype() == f64);
    net.to(cpu);
    CHECK(handles[0].grad().defined());  // it was there already
    CHECK_THROWS_AS(net.to(i64), Error);
}

TEST_CASE("a module throws on names, tensors and submodules that do not fit") {
    struct Open : nn::Module {
        using nn::Module::add, nn::Module::add_buffer, nn::Module::add_parameter;
    };
    Open module, other;
    Tensor x = zeros({2}), whole = zeros({2}, {.dtype = i64}), none,
           leaf = zeros({1}).requires_grad_();
    module.add_parameter("x", x);
    CHECK(x.requires_grad());
    CHECK(contains(error_of([&] { module.add_parameter("x", x); }), "taken"));
    CHECK(contains(error_of([&] { module.add("x", other); }), "taken"));
    CHECK(contains(error_of([&] { module.add_parameter("a.b", x); }), "dot"));
    CHECK(contains(error_of([&] { module.add_parameter("", x); }), "empty"));
    CHECK(contains(error_of([&] { module.add_parameter("y", whole); }), "f32 and f64"));
    CHECK(contains(error_of([&] { module.add_parameter("y", none); }), "undefined"));
    CHECK(contains(error_of([&] { module.add_buffer("y", leaf); }), "add_parameter"));
    module.add_buffer("whole", whole);
    module.add("other", other);
    CHECK(contains(error_of([&] { other.add("module", module); }), "cannot contain itself"));
    CHECK(contains(error_of([&] { module.add("self", module); }), "cannot contain itself"));
    CHECK(contains(error_of([&] { module(x); }), "no forward"));
    CHECK(contains(error_of([&] { nn::Linear layer(0, 3); }), "Linear"));
    CHECK(contains(error_of([&] {
                       nn::Linear layer(2, 3);
                       layer(zeros({4, 3}));
                   }),
                   "linear: features differ"));
}

TEST_CASE("Sequential is the identity when empty, and gives access to its layers") {
    nn::Sequential net;
    const Tensor x = zeros({2, 3, 4});
    CHECK(net(x).same_as(x));
    net.add<nn::Flatten>();
    CHECK(net(x).shape() == Shape{2, 12});
    CHECK(net.size() == 1);
    CHECK_THROWS_AS(net[1], Error);
    CHECK_THROWS_AS(net.add(nullptr), Error);
}
