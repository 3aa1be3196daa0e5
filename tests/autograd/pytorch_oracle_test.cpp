// Every op against PyTorch: values, gradients and gradients of gradients, in f32 and f64, and in
// every layout of memory.
#include <cmath>
#include <cstring>
#include <set>

#include "autograd/catalog.h"
#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/record_pointwise.h"
#include "tests/autograd/pytorch_oracle.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

namespace {

// How far a number may be from PyTorch's, as a share of the largest in its tensor, or of 1.
double tolerance(DType dtype, int order, int digits) {
    const double of_f64[] = {1e-14, 1e-13, 1e-12}, of_f32[] = {2e-6, 1e-5, 5e-5};
    return (dtype == f32 ? of_f32 : of_f64)[order] * std::pow(10, digits);
}

// The ops that have no vectors, and why.
const std::map<std::string, const char*> without_vectors = {
    {"mul_no_nan", "0 times infinity is 0, and PyTorch has no such product"},
    {"transfer", "moves between devices"},
    {"unfold3d", "PyTorch has it for images only"},
    {"fold3d", "PyTorch has it for images only"},
    {"roi_align", "in torchvision, not in PyTorch; see spatial_test.cpp and the ONNX cases"},
    {"deform_conv2d", "in torchvision, not in PyTorch; see spatial_test.cpp and the ONNX cases"},
};
// The ops whose vectors stop before the second derivative, and why.
const std::map<std::string, const char*> first_order_only = {
    {"unique", "PyTorch has no derivative of it"},
};
// Where derivatives follow another convention than PyTorch's, by its docstring. The vectors of such
// points have values only.
const std::map<std::string, const char*> conventions = {
    {"clamp",
     "at a bound x has the gradient; PyTorch gives it none, or half if bounds are tensors"},
    {"elu", "the second derivative at 0 is that of the formula's branch there; PyTorch's is 0"},
    {"celu", "the second derivative at 0 is that of the formula's branch there; PyTorch's is 0"},
    {"selu", "the second derivative at 0 is that of the formula's branch there; PyTorch's is 0"},
    {"lp_pool1d", "sums |x|^p; PyTorch sums x^p, which differs for odd p"},
    {"lp_pool2d", "sums |x|^p; PyTorch sums x^p, which differs for odd p"},
    {"lp_pool3d", "sums |x|^p; PyTorch sums x^p, which differs for odd p"},
    {"scalar_pow", "derivatives of 0^x are 0; PyTorch's second one is NaN"},
};

const std::map<std::string, OracleFunction>& calls() {
    static const auto all = [] {
        std::map<std::string, OracleFunction> found;
        for (const OracleTable& table : {shape_calls(), reduction_calls(), indexing_calls(),
                                         linalg_calls(), image_calls(), network_calls()})
            for (const auto& [op, function] : table) CHECK(found.emplace(op, function).second);
        return found;
    }();
    return all;
}

const PointwiseOp* pointwise_named(const std::string& name) {
    for (const PointwiseOp* op : all_pointwise_ops())
        if (name == op->name) return op;
    return nullptr;
}

// An op with a formula needs no line in a table, but for those of its forms that are functions of
// their own.
Outputs outputs_of(const OracleCall& c) {
    const PointwiseOp* op = pointwise_named(c.op);
    if (!op || (!c.arguments.empty() && !c.has("attributes"))) return calls().at(c.op)(c);
    if (!c.has("attributes")) return {pointwise(*op, op->default_attributes, c.inputs)};
    const std::vector<double>& attributes = c.arguments.at("attributes").numbers;
    REQUIRE(attributes.size() * sizeof(double) == op->attribute_bytes);
    return {pointwise(*op, attributes.data(), c.inputs)};
}

void check_tensor(const Tensor& got, const Tensor& expected, double share, const std::string& what,
                  std::size_t number) {
    CAPTURE(what);
    CAPTURE(number);
    REQUIRE(got.defined());
    REQUIRE(got.shape() == expected.shape());
    const std::vector<double> a = got.to_vector(), b = expected.to_vector();
    double scale = 1;
    for (const double value : b)
        if (std::isfinite(value)) scale = std::max(scale, std::abs(value));
    for (std::size_t i = 0; i < a.size(); ++i) {
        CAPTURE(i);
        CAPTURE(a[i]);
        CAPTURE(b[i]);
        if (std::isfinite(b[i]))
            CHECK(std::abs(a[i] - b[i]) <= share * scale);
        else
            CHECK((std::isnan(b[i]) ? std::isnan(a[i]) : a[i] == b[i]));
    }
}

// sum_k <t_k, w_k> over the tensors of real numbers.
Tensor weighted(const std::vector<Tensor>& tensors, Tensor (*weight)(const Tensor&, std::int64_t)) {
    Tensor total;
    std::int64_t k = 0;
    for (const Tensor& t : tensors) {
        if (!is_floating(t.dtype())) continue;
        const Tensor part = to(sum(t * weight(t, k++)), f64);
        total = total.defined() ? total + part : part;
    }
    return total;
}

// Zeros where y does not depend on a leaf.
std::vector<Tensor> gradients(const Tensor& y, const std::vector<Tensor>& leaves, bool recorded) {
    std::vector<Tensor> found(leaves.size());
    if (y.requires_grad())
        found =
            grad(y, leaves, {.create_graph = recorded, .retain_graph = true, .allow_unused = true});
    for (std::size_t i = 0; i < leaves.size(); ++i)
        if (!found[i].defined()) found[i] = zeros(leaves[i].shape(), leaves[i].options());
    return found;
}

void replay(const OracleCase& expected, DType dtype, Layout layout) {
    OracleCall call = expected.call;
    std::vector<Tensor> leaves;
    for (Tensor& x : call.inputs) {
        const bool real = is_floating(x.dtype());
        x = laid_out(real ? to(x, dtype) : x, layout);
        if (!real) continue;
        x.requires_grad_();
        leaves.push_back(x);
    }
    const auto compare = [&](const std::vector<Tensor>& got, const std::vector<Tensor>& wanted,
                             int order, const char* what) {
        REQUIRE(got.size() == wanted.size());
        const double share = tolerance(dtype, order, expected.digits);
        for (std::size_t k = 0; k < got.size(); ++k)
            check_tensor(got[k], wanted[k], share, what, k);
    };
    const Outputs outputs = outputs_of(call);
    compare(outputs, expected.values, 0, "value");
    if (expected.order == 0) return;
    const Tensor loss = weighted(outputs, output_factors);
    compare(gradients(loss, leaves, false), expected.first, 1, "gradient");
    if (expected.order == 1) return;
    const std::vector<Tensor> first = gradients(loss, leaves, true);
    compare(first, expected.first, 1, "gradient that is recorded");
    compare(gradients(weighted(first, directions), leaves, false), expected.second, 2,
            "second derivative");
}

void replay_subject(const std::string& subject) {
    for (const OracleCase& expected : read_oracle(subject))
        for (const DType dtype : {f64, f32})
            for (const Layout layout : all_layouts) {
                INFO(expected.name, ", ", std::string(name_of(dtype)), ", ",
                     std::string(name_of(layout)));
                CHECK_NOTHROW(replay(expected, dtype, layout));
            }
}

}  // namespace

TEST_CASE("PyTorch: pointwise ops have its values and two derivatives") {
    replay_subject("pointwise");
}
TEST_CASE("PyTorch: shapes and reductions have its values and two derivatives") {
    replay_subject("shapes");
}
TEST_CASE("PyTorch: indexing has its values and two derivatives") { replay_subject("indexing"); }
TEST_CASE("PyTorch: linear algebra has its values and two derivatives") {
    replay_subject("linalg");
}
TEST_CASE("PyTorch: images have its values and two derivatives") { replay_subject("images"); }
TEST_CASE("PyTorch: norms and attention have its values and two derivatives") {
    replay_subject("networks");
}

TEST_CASE("PyTorch: every op of the catalog has vectors, or a reason why not") {
    std::map<std::string, int> orders;  // the highest that the vectors of an op have
    for (const char* subject : oracle_subjects)
        for (const OracleCase& found : read_oracle(subject)) {
            int& highest = orders.emplace(found.call.op, 0).first->second;
            highest = std::max(highest, found.order);
        }
    std::set<std::string> names;
    for (const OpInfo& op : op_catalog()) {
        names.insert(op.name);
        INFO(std::string(op.name));
        CHECK(orders.count(op.name) + without_vectors.count(op.name) == 1);
        if (orders.count(op.name) && op.differentiable && !first_order_only.count(op.name))
            CHECK(orders[op.name] == 2);
    }
    for (const auto& each : orders) CHECK_MESSAGE(names.count(each.first) == 1, each.first);
    for (const auto& list : {without_vectors, first_order_only, conventions})
        for (const auto& each : list) CHECK_MESSAGE(names.count(each.first) == 1, each.first);
}
