// Every op that is not pointwise, on both devices: the gradient cases' values and derivatives of
// first and second order, in every layout of the inputs; and the ops without derivatives.
#include <set>

#include "autograd/catalog.h"
#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/norm/attention.h"
#include "autograd/ops/image/conv.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/indexing/masked.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/indexing/search.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/norm/softmax.h"
#include "tensor/raw_copy.h"
#include "tests/autograd/op_case_inputs.h"
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

namespace {

// no two elements of what follows are weighted alike
Tensor ramp(const Shape& shape, const Options& options) {
    return reshape(arange(1, static_cast<double>(numel(shape)) + 1, 1, options), shape) *
           (1.0 / static_cast<double>(numel(shape) + 1));
}

// The output, its gradient in each input, and that of their squares' sum; undefined where there is
// none.
std::vector<Tensor> results(const OpCase& c, DType dtype, Device device, Layout layout) {
    constants_device() = device;
    std::vector<Tensor> inputs;
    for (const Tensor& x : c.inputs)
        inputs.push_back(leaf(raw::to(raw::to(x, dtype), device), layout));
    const Tensor y = c.f(inputs);
    std::vector<Tensor> all{y};
    const auto first = grad(y, inputs,
                            {.gradient = ramp(y.shape(), y.options()),
                             .create_graph = c.second_order,
                             .allow_unused = true});
    all.insert(all.end(), first.begin(), first.end());
    Tensor energy;
    for (const Tensor& d : first)
        if (c.second_order && d.defined() && d.requires_grad())
            energy = energy.defined() ? energy + sum(square(d)) : sum(square(d));
    if (energy.defined())
        for (const Tensor& d : grad(energy, inputs, {.allow_unused = true})) all.push_back(d);
    constants_device() = cpu;
    for (Tensor& x : all)
        if (x.defined()) x = raw::to(detach(x), cpu);
    return all;
}

// Largest difference; infinity where one has a result that the other has not.
double largest_difference(const std::vector<Tensor>& a, const std::vector<Tensor>& b) {
    if (a.size() != b.size()) return std::numeric_limits<double>::infinity();
    double worst = 0;
    for (std::size_t i = 0; i < a.size(); ++i) {
        if (a[i].defined() != b[i].defined()) return std::numeric_limits<double>::infinity();
        if (a[i].defined()) worst = std::max(worst, difference(a[i], b[i]));
    }
    return worst;
}

// Shapes large enough for what the small cases never reach: whole blocks to a line, 16-byte words,
// several chunks of pixels.
std::vector<OpCase> large_cases() {
    std::vector<OpCase> cases;
    const auto add = [&](const char* op, const char* what, TensorFunction f,
                         std::vector<Tensor> inputs) {
        cases.push_back({op, what, std::move(f), std::move(inputs), {}, false});
    };
    add("softmax", "long rows", EPS_FUNCTION(softmax(x)), {uniform({3, 4100})});
    add("log_softmax", "long rows of odd length", EPS_FUNCTION(log_softmax(x)),
        {uniform({3, 1801})});
    add("softmax", "columns", EPS_FUNCTION(softmax(x, 1)), {uniform({3, 50, 70})});
    add("layer_norm", "long rows", EPS_FUNCTION(layer_norm(x, {4100}, y, z)),
        {uniform({5, 4100}), uniform({4100}), uniform({4100})});
    add("layer_norm", "many rows", EPS_FUNCTION(layer_norm(x, {24}, y, z)),
        {uniform({3000, 24}), uniform({24}), uniform({24})});
    add("rms_norm", "rows of odd length", EPS_FUNCTION(rms_norm(x, {1801}, y)),
        {uniform({4, 1801}), uniform({1801})});
    const std::vector<Tensor> image{uniform({2, 32, 31, 33}) + 100.0, uniform({32}), uniform({32})},
        batch{uniform({6, 12, 20, 21}), uniform({12}), uniform({12})};
    add("group_norm", "pixels innermost", EPS_FUNCTION(group_norm_silu(x, 8, y, z)), image);
    add("group_norm", "channels innermost",
        EPS_FUNCTION(group_norm_silu(channels_last(x), 8, y, z)), image);
    add("batch_norm", "pixels innermost", EPS_FUNCTION(batch_norm(x, {}, {}, y, z)), batch);
    add("batch_norm", "channels innermost",
        EPS_FUNCTION(batch_norm(channels_last(x), {}, {}, y, z)), batch);
    const Tensor picture = uniform({2, 16, 20, 18}, -1, 1);
    add("conv2d", "3x3", EPS_FUNCTION(conv2d(x, y, z, {.padding = {1, 1}})),
        {picture, uniform({24, 16, 3, 3}, -1, 1), uniform({24})});
    add("conv2d", "1x1", EPS_FUNCTION(conv2d(x, y, {})), {picture, uniform({24, 16, 1, 1}, -1, 1)});
    add("conv2d", "4x4 stride 2",
        EPS_FUNCTION(conv2d(x, y, {}, {.stride = {2, 2}, .padding = {1, 1}})),
        {picture, uniform({8, 16, 4, 4}, -1, 1)});
    add("conv2d", "groups, dilation",
        EPS_FUNCTION(conv2d(x, y, {}, {.padding = {2, 2}, .dilation = {2, 2}, .groups = 4})),
        {picture, uniform({12, 4, 3, 3}, -1, 1)});
    add("conv2d", "depthwise", EPS_FUNCTION(conv2d(x, y, {}, {.padding = {1, 1}, .groups = 16})),
        {picture, uniform({16, 1, 3, 3}, -1, 1)});
    add("conv_transpose2d", "4x4 stride 2",
        EPS_FUNCTION(conv_transpose2d(x, y, z, {.stride = {2, 2}, .padding = {1, 1}})),
        {picture, uniform({16, 8, 4, 4}, -1, 1), uniform({8})});
    add("scaled_dot_product_attention", "many keys",
        EPS_FUNCTION(scaled_dot_product_attention(x, y, z, {})),
        {uniform({2, 2, 40, 24}), uniform({2, 2, 1100, 24}), uniform({2, 2, 1100, 20})});
    add("scaled_dot_product_attention", "causal",
        EPS_FUNCTION(scaled_dot_product_attention(x, y, z, {.causal = true})),
        {uniform({1, 3, 150, 16}), uniform({1, 3, 150, 16}), uniform({1, 3, 150, 16})});
    return cases;
}

void compare(const std::vector<OpCase>& cases, double tolerance_f32) {
    for (const OpCase& c : cases)
        for (DType dtype : {f32, f64})
            for (Layout layout : all_layouts) {
                INFO(std::string(c.op), ", ", std::string(c.what), ", ",
                     std::string(name_of(dtype)), ", ", std::string(name_of(layout)));
                const auto host = results(c, dtype, cpu, layout),
                           device = results(c, dtype, cuda, layout);
                CHECK(largest_difference(host, device) < (dtype == f32 ? tolerance_f32 : 1e-10));
                CHECK(largest_difference(device, results(c, dtype, cuda, layout)) == 0);
            }
}

}  // namespace

TEST_CASE(
    "cuda: every case of every op gives the CPU's values and derivatives, in every layout, and the "
    "same bits again") {
    if (no_gpu()) return;
    compare(op_cases(), 1e-4);
}

TEST_CASE("cuda: one case of every op") {  // few enough for the tools that watch every access
    if (no_gpu()) return;
    std::set<std::string> seen;
    for (const OpCase& c : op_cases()) {
        if (!seen.insert(c.op).second) continue;
        INFO(std::string(c.op), ", ", std::string(c.what));
        CHECK(largest_difference(results(c, f32, cpu, Layout::contiguous),
                                 results(c, f32, cuda, Layout::contiguous)) < 1e-4);
    }
}

TEST_CASE(
    "cuda: large tensors give the CPU's values and derivatives, in every layout, and the same bits "
    "again") {
    if (no_gpu()) return;
    compare(large_cases(), 1e-3);
}

TEST_CASE("cuda: what gives indices or bool is the CPU's") {
    if (no_gpu()) return;
    struct Function {
        const char* op;
        std::function<Tensor(const Tensor&)> f;
    };
    const std::vector<Function> functions = {
        {"argmax", [](const Tensor& x) { return argmax(x, 1); }},
        {"argmin", [](const Tensor& x) { return argmin(x, 0); }},
        {"any", [](const Tensor& x) { return any(x, Dims{1}); }},
        {"all", [](const Tensor& x) { return all(x); }},
        {"nonzero", [](const Tensor& x) { return nonzero(x); }},
        {"searchsorted", [](const Tensor& x) { return searchsorted(sort(x, -1).values, x); }},
        {"bucketize",
         [](const Tensor& x) {
             return bucketize(x, constant({-1, 0, 1}, {3}, f32));
         }},
        {"argsort", [](const Tensor& x) { return argsort(x, 1); }},
        {"one_hot", [](const Tensor& x) { return one_hot(argsort(x, 1), 4); }},
    };
    for (const OpInfo& op : op_catalog())
        if (!op.differentiable && std::string(op.kind) != "pointwise")
            CHECK_MESSAGE(
                std::any_of(functions.begin(), functions.end(),
                            [&](const Function& f) { return std::string(f.op) == op.name; }),
                std::string(op.name), " is not compared");
    const Tensor x = tensor({0, 1, -2, 0, 3, 3, 0, -1, 0.5, 0, 0, -2}, {3, 4});
    for (const Function& function : functions)
        for (Layout layout : all_layouts) {
            INFO(std::string(function.op), ", ", std::string(name_of(layout)));
            const Tensor expected = function.f(laid_out(x, layout));
            constants_device() = cuda;
            const Tensor got = function.f(laid_out(raw::to(x, cuda), layout));
            constants_device() = cpu;
            CHECK(difference(expected, raw::to(got, cpu)) == 0);
        }
}
