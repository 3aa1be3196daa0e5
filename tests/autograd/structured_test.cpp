// Gradients of every op that is not pointwise, from the tables in op_cases*.cpp; and what finite
// differences cannot check: ties, kinks, views.
#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "autograd/catalog.h"
#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/contract/kernels.h"
#include "tests/autograd/op_cases.h"
#include "tests/autograd/support.h"

using namespace eps;
using namespace eps::test;

TEST_CASE("structured: every differentiable op of the catalog has gradient cases") {
    const std::vector<OpCase> cases = op_cases();
    for (const OpInfo& op : op_catalog()) {
        if (!op.differentiable || std::string(op.kind) == "pointwise") continue;
        if (op.name == std::string("transfer") && kernels::cuda::device_count() == 0) {
            MESSAGE("transfer: no CUDA device, so nothing to transfer to");
            continue;
        }
        const bool covered = std::any_of(cases.begin(), cases.end(), [&](const OpCase& c) {
            return std::string(c.op) == op.name;
        });
        CHECK_MESSAGE(covered, std::string(op.name),
                      " has no case in tests/autograd/op_cases*.cpp");
    }
    for (const OpCase& c : cases) {
        const auto catalog = op_catalog();
        CHECK_MESSAGE(std::any_of(catalog.begin(), catalog.end(),
                                  [&](const OpInfo& op) { return std::string(c.op) == op.name; }),
                      std::string(c.op));
    }
}

TEST_CASE("structured: gradients agree with finite differences to second order, in every layout") {
    for (const OpCase& c : op_cases())
        for (Layout layout : all_layouts) {
            std::vector<Tensor> inputs;
            for (const Tensor& x : c.inputs) inputs.push_back(leaf(x, layout));
            GradcheckOptions options = c.options;
            options.name = std::string(c.op) + ", " + c.what + ", " + name_of(layout);
            CHECK_NOTHROW_MESSAGE(gradcheck(c.f, inputs, options), options.name);
            if (c.second_order)
                CHECK_NOTHROW_MESSAGE(gradgradcheck(c.f, inputs, options), options.name);
        }
}

TEST_CASE("structured: every layout gives the same values") {
    for (const OpCase& c : op_cases()) {
        const Tensor expected = c.f(c.inputs);
        for (Layout layout : all_layouts) {
            std::vector<Tensor> inputs;
            for (const Tensor& x : c.inputs) inputs.push_back(laid_out(x, layout));
            const auto got = c.f(inputs).to_vector(), wanted = expected.to_vector();
            REQUIRE(got.size() == wanted.size());
            for (std::size_t i = 0; i < got.size(); ++i)
                CHECK_MESSAGE(got[i] == doctest::Approx(wanted[i]).epsilon(1e-12),
                              std::string(c.op), ", ", std::string(c.what));
        }
    }
}

TEST_CASE("structured: f32 has the values and derivatives of f64, up to rounding") {
    const auto results = [](const OpCase& c, DType dtype) {
        std::vector<Tensor> inputs, all;
        for (const Tensor& x : c.inputs) inputs.push_back(leaf(to(detach(x), dtype)));
        const auto differentiate = [&](const Tensor& y) {
            Tensor energy = sum(square(y));
            for (const Tensor& d :
                 grad(energy, inputs, {.create_graph = true, .allow_unused = true}))
                all.push_back(d.defined() ? d : zeros({}));
        };
        all.push_back(c.f(inputs));
        differentiate(all[0]);
        if (c.second_order && all[1].requires_grad()) differentiate(all[1]);
        return all;
    };
    for (const OpCase& c : op_cases()) {
        const std::vector<Tensor> wide = results(c, f64), narrow = results(c, f32);
        REQUIRE(wide.size() == narrow.size());
        for (std::size_t i = 0; i < wide.size(); ++i) {
            const auto want = wide[i].to_vector(), got = narrow[i].to_vector();
            double largest = 1;
            for (double value : want) largest = std::max(largest, std::abs(value));
            for (std::size_t k = 0; k < want.size(); ++k)
                CHECK_MESSAGE(std::abs(got[k] - want[k]) <= 1e-4 * largest, std::string(c.op), ", ",
                              std::string(c.what), ", result ", i);
        }
    }
}

TEST_CASE("structured: kinks and ties have the documented gradient") {
    const auto d = [](const std::function<Tensor(const Tensor&)>& f,
                      const std::vector<double>& at) {
        const Tensor x = tensor(at, {}, {.dtype = f64}).requires_grad_();
        return grad(f(x), {x})[0].to_vector();
    };
    using V = std::vector<double>;
    const double inf = std::numeric_limits<double>::infinity();
    CHECK(d([](const Tensor& x) { return max(x); }, {1, 3, 3, 0}) == V{0, 0.5, 0.5, 0});
    CHECK(d([](const Tensor& x) { return min(x); }, {1, 1, 1, 2}) == V{1. / 3, 1. / 3, 1. / 3, 0});
    CHECK(d([](const Tensor& x) { return sum(maximum(x, tensor({2}, {}, {.dtype = f64}))); },
            {1, 2, 3}) == V{0, 0.5, 1});
    CHECK(d([](const Tensor& x) { return norm(x); }, {0, 0}) == V{0, 0});
    CHECK(d([](const Tensor& x) { return norm(x, 1); }, {0, -2, 2}) == V{0, -1, 1});
    CHECK(d([](const Tensor& x) { return prod(x); }, {0, 2, 3}) == V{6, 0, 0});
    CHECK(d([](const Tensor& x) { return prod(x); }, {0, 2, 0}) == V{0, 0, 0});
    CHECK(d([](const Tensor& x) { return sum(relu(x)) + sum(abs(x)); }, {0, -1, 1}) == V{0, -1, 2});
    CHECK(d([](const Tensor& x) { return sum(clamp(x, {.lo = -1, .hi = 1})); }, {-1, 1, 2, 0}) ==
          V{1, 1, 0, 1});
    CHECK(d([&](const Tensor& x) { return logsumexp(x); }, {-inf, 0}) == V{0, 1});
    const Tensor nothing = zeros({0}, {.dtype = f64});
    CHECK(logsumexp(full({3}, -inf)).item() == -inf);
    CHECK(logsumexp(tensor({inf, 0})).item() == inf);
    CHECK(logsumexp(nothing).item() == -inf);
    CHECK(prod(nothing).item() == 1);
    CHECK(sum(nothing).item() == 0);
    CHECK(std::isnan(mean(nothing).item()));
}

TEST_CASE("structured: a product of no elements stays in the graph") {
    const Tensor x = zeros({0, 2}, {.dtype = f64}).requires_grad_();
    const Tensor y = prod(x, {0});
    CHECK(y.to_vector() == std::vector<double>{1, 1});
    CHECK(grad(sum(y), {x})[0].shape() == Shape{0, 2});
}

TEST_CASE("structured: sort and topk are stable and count NaN as largest") {
    const double none = std::numeric_limits<double>::quiet_NaN();
    const Tensor x = tensor({2, none, 1, 2, none, 1});
    using V = std::vector<double>;
    CHECK(argsort(x).to_vector() == V{2, 5, 0, 3, 1, 4});
    CHECK(argsort(x, 0, true).to_vector() == V{1, 4, 0, 3, 2, 5});
    CHECK(topk(x, 3).indices.to_vector() == V{1, 4, 0});
    CHECK(topk(x, 3, 0, false).indices.to_vector() == V{2, 5, 0});
    CHECK(argmax(x, 0).item() == 1);
    CHECK(argmin(x, 0).item() == 1);
    CHECK(std::isnan(max(x).item()));
    CHECK(std::isnan(min(x).item()));
    CHECK(argmax(tensor({1, 3, 3}), 0).item() == 1);
    CHECK(argsort(tensor({3, 1, 2}, {3}, {.dtype = i64})).to_vector() == V{1, 2, 0});
}

TEST_CASE("structured: splitting and joining again changes nothing") {
    const Tensor x = uniform({4, 7, 3});
    for (std::int64_t dim : {0, 1, 2, -1})
        for (std::int64_t size : {1, 2, 3, 7, 100})
            CHECK(same_bits(concat(split(x, size, dim), dim), x));
    CHECK(same_bits(concat(split(x, {2, 0, 5}, 1), 1), x));
    CHECK(split(x, std::vector<std::int64_t>(7, 1), 1).size() == 7);
    // more parts than a shape has dimensions
    CHECK(split(uniform({12}), std::vector<std::int64_t>(12, 1)).size() == 12);
    const Tensor joined = concat({tensor({1, 2}, {2}, {.dtype = i64}), tensor({0.5})});
    CHECK(joined.dtype() == f32);
    CHECK(joined.to_vector() == std::vector<double>{1, 2, 0.5});
}

TEST_CASE("structured: reshape of any strided tensor equals reshape of its copy") {
    std::mt19937 random(5);
    const auto pick = [&](std::int64_t n) {
        return static_cast<std::int64_t>(random() % static_cast<unsigned>(n));
    };
    int views = 0, empties = 0;
    for (int round = 0; round < 2000; ++round) {
        Shape shape;
        for (std::int64_t d = pick(5); d >= 0; --d)
            shape.push_back(pick(20) == 0 ? 0 : 1 + pick(4));
        Tensor x = reshape(arange(0, static_cast<double>(numel(shape)), 1, {.dtype = f64}), shape);
        for (std::int64_t step = pick(4); step > 0; --step) {  // permute, slice, expand at random
            const std::int64_t dim = pick(x.rank());
            switch (pick(4)) {
                case 0: x = transpose(x, dim, pick(x.rank())); break;
                case 1: x = slice(x, dim, pick(2), INT64_MAX, 1 + pick(2)); break;
                case 2: x = narrow(x, dim, 0, x.size(dim) / 2 + x.size(dim) % 2); break;
                default:
                    if (x.rank() < 6)
                        x = expand(unsqueeze(x, dim), [&] {
                            Shape s = x.shape();
                            s.insert(static_cast<int>(dim), 1 + pick(3));
                            return s;
                        }());
            }
        }
        // Factorise the number of elements at random.
        Shape target;
        std::int64_t left = x.numel();
        for (std::int64_t factor = 2; left > 1 && target.rank() < 6; left % factor ? ++factor : 0)
            if (left % factor == 0) {
                const std::int64_t extent =
                    pick(2) && left % (factor * factor) == 0 ? factor * factor : factor;
                target.insert(static_cast<int>(pick(target.rank() + 1)), extent);
                left /= extent;
            }
        if (left != 1) target.push_back(left);
        if (target.rank() < 7 && pick(3) == 0)
            target.insert(static_cast<int>(pick(target.rank() + 1)), 1);
        if (x.numel() == 0) target.insert(0, 1 + pick(5)), ++empties;
        const Tensor y = reshape(x, target);
        CHECK(y.shape() == target);
        CHECK(y.to_vector() == x.to_vector());
        if (&y.storage() == &x.storage() && !x.is_contiguous()) ++views;
    }
    CHECK(views > 100);  // else the strides were never used
    CHECK(empties > 50);
}
