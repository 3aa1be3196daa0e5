// Every pointwise op through the public function: gradients in every layout, broadcasting,
// promotion, integers.
#include "autograd/engine.h"
#include "autograd/gradcheck.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "tests/autograd/pointwise_table.h"

using namespace eps;
using namespace eps::test;

namespace {

TensorFunction function_of(const PointwiseOp& op) {
    return [&op](const std::vector<Tensor>& x) { return pointwise(op, attributes_of(op), x); };
}

void check_both_orders(const PointwiseOp& op, const std::string& what, const TensorFunction& f,
                       const std::vector<Tensor>& inputs) {
    const std::string name = std::string(op.name) + ", " + what;
    CHECK_NOTHROW_MESSAGE(gradcheck(f, inputs, {.name = name}), name);
    CHECK_NOTHROW_MESSAGE(gradgradcheck(f, inputs, {.name = name}), name);
}

}  // namespace

TEST_CASE("pointwise: gradients of first and second order in every layout") {
    for (const PointwiseOp* op : all_pointwise_ops()) {
        if (op->max_order == 0) continue;
        // Samples of all inputs with one shape each; a differentiable leaf of each.
        const auto leaves = [&](const std::function<Tensor(Tensor, int)>& make) {
            std::vector<Tensor> inputs;
            for (int j = 0; j < op->arity; ++j)
                inputs.push_back(make(sample(*op, j, {2, 3}, 7), j).requires_grad_());
            return inputs;
        };
        const TensorFunction f = function_of(*op);
        for (Layout layout : all_layouts)
            check_both_orders(*op, name_of(layout), f,
                              leaves([&](Tensor x, int) { return laid_out(x, layout); }));
        check_both_orders(*op, "mixed layouts", f, leaves([&](Tensor x, int j) {
            return laid_out(x, all_layouts[(j + 1) % 3]);
        }));
        check_both_orders(*op, "rank 0", f,
                          leaves([&](Tensor, int j) { return sample(*op, j, {}, 8); }));
        check_both_orders(*op, "empty", f, leaves([&](Tensor, int j) {
            return sample(*op, j, {2, 0}, 8);
        }));
        check_both_orders(*op, "broadcast", f, leaves([&](Tensor x, int j) {
            return j == 0 ? x : sample(*op, j, j == 1 ? Shape{3} : Shape{2, 1}, 9);
        }));
        const TensorFunction expanded = [&](const std::vector<Tensor>& x) {
            std::vector<Tensor> wide = x;
            wide[0] = expand(x[0], {2, 3});
            return f(wide);
        };
        check_both_orders(*op, "expanded", expanded, leaves([&](Tensor x, int j) {
            return j ? x : sample(*op, j, {2, 1}, 9);
        }));
    }
}

TEST_CASE("pointwise: an input used twice, and one that needs no gradient") {
    for (const PointwiseOp* op : all_pointwise_ops()) {
        if (op->max_order == 0 || op->arity < 2) continue;
        const std::vector<Tensor> constants = samples(*op, {4}, 12);
        for (std::size_t j = 0; j < constants.size(); ++j) {
            const TensorFunction only_j = [&](const std::vector<Tensor>& x) {
                std::vector<Tensor> inputs = constants;
                inputs[j] = x[0];
                return pointwise(*op, attributes_of(*op), inputs);
            };
            check_both_orders(*op, "one leaf", only_j, {leaf(constants[j])});
        }
    }
    const std::vector<Tensor> x = {leaf(uniform({5}, 0.5, 2))};
    CHECK_NOTHROW(gradgradcheck(
        [](const std::vector<Tensor>& v) { return v[0] * v[0] / (v[0] + v[0]) + pow(v[0], v[0]); },
        x));
}

TEST_CASE("pointwise: rank-0 and empty results have the broadcast shape") {
    for (const PointwiseOp* op : all_pointwise_ops())
        for (const Shape& shape : {Shape{}, Shape{0}, Shape{3, 0, 2}, Shape{1, 1}}) {
            const Tensor y = pointwise(*op, attributes_of(*op), samples(*op, shape));
            CHECK(y.shape() == shape);
            CHECK(y.dtype() == (op->kind == PointwiseKind::predicate ? boolean : f64));
        }
}

TEST_CASE("pointwise: the dtype of every mix of dtypes, and storage types throw") {
    const DType dtypes[] = {boolean, u8, i64, f16, bf16, f32, f64};
    for (const PointwiseOp* op : all_pointwise_ops())
        for (DType a : dtypes)
            for (DType b : dtypes) {
                std::vector<Tensor> inputs(static_cast<std::size_t>(op->arity),
                                           ones({2}, {.dtype = b}));
                inputs[0] = ones({2}, {.dtype = a});
                const DType mixed = op->arity == 1 ? a : promote(a, b);
                const auto call = [&] { return pointwise(*op, op->default_attributes, inputs); };
                if (is_storage_type(a) || (op->arity > 1 && is_storage_type(b))) {
                    const Thrown error = error_of([&] { call(); });
                    CHECK(error.op == op->name);
                    CHECK(contains(error.sentence,
                                   str(is_storage_type(a) ? a : b, " is a storage type")));
                    continue;
                }
                const DType expected =
                    op->kind == PointwiseKind::predicate                         ? boolean
                    : op->kind == PointwiseKind::floating && !is_floating(mixed) ? f32
                    : op->kind == PointwiseKind::numeric && mixed == boolean     ? i64
                                                                                 : mixed;
                CHECK_MESSAGE(call().dtype() == expected, std::string(op->name), " of ",
                              to_string(a), " and ", to_string(b));
            }
}

TEST_CASE("pointwise: numeric ops are exact on integers, predicates on every dtype") {
    const std::int64_t big = (std::int64_t{1} << 53) + 1;  // no double
    const std::vector<std::int64_t> numbers = {big, -big, 7};
    const Tensor x = from_span(std::span<const std::int64_t>(numbers), {3}),
                 one = full({}, 1, {.dtype = i64}), zero = zeros({}, {.dtype = i64});
    const struct {
        const char* name;
        Tensor got;
        std::vector<std::int64_t> expected;
    } cases[] = {
        {"add", x + one, {big + 1, -big + 1, 8}},
        {"sub", x - one, {big - 1, -big - 1, 6}},
        {"mul", x * full({}, 3, {.dtype = i64}), {3 * big, -3 * big, 21}},
        {"maximum", maximum(x, one), {big, 1, 7}},
        {"minimum", minimum(x, one), {1, -big, 1}},
        {"neg", -x, {-big, big, -7}},
        {"abs", abs(x), {big, big, 7}},
        {"sign", sign(x), {1, -1, 1}},
        {"floor", floor(x), numbers},
        {"ceil", ceil(x), numbers},
        {"round", round(x), numbers},
        {"trunc", trunc(x), numbers},
        {"add_scalar", x + 2, {big + 2, -big + 2, 9}},
        {"mul_scalar", x * 2, {2 * big, -2 * big, 14}},
        {"square", square(x - x + 9.0), {81, 81, 81}},
        {"where", where(x > 0.0, x, zero), {big, 0, 7}},
        {"clamp", clamp(x, {.lo = 0}), {big, 0, 7}},
    };
    for (const auto& [op, got, expected] : cases) {
        const std::string name = op;
        REQUIRE_MESSAGE(got.dtype() == i64, name);
        for (std::size_t i = 0; i < 3; ++i)
            CHECK_MESSAGE(got.data<std::int64_t>()[i] == expected[i], name, " at ", i);
    }
    CHECK(eq(x, x - one).to_vector() == std::vector<double>{0, 0, 0});
    CHECK((x > x - one).to_vector() == std::vector<double>{1, 1, 1});
    // u8 wraps
    CHECK(
        sum(tensor({200, 100}, {2}, {.dtype = u8}) + tensor({100, 1}, {2}, {.dtype = u8})).item() ==
        145);
    for (DType dtype : {boolean, u8, i64, f32, f64}) {
        const Tensor bits = tensor({0, 1, 0, 1}, {4}, {.dtype = dtype}),
                     other = tensor({0, 0, 1, 1}, {4}, {.dtype = dtype});
        CHECK(logical_and(bits, other).to_vector() == std::vector<double>{0, 0, 0, 1});
        CHECK(logical_or(bits, other).to_vector() == std::vector<double>{0, 1, 1, 1});
        CHECK(logical_xor(bits, other).to_vector() == std::vector<double>{0, 1, 1, 0});
        CHECK(logical_not(bits).to_vector() == std::vector<double>{1, 0, 1, 0});
        CHECK((bits < other).to_vector() == std::vector<double>{0, 0, 1, 0});
        CHECK((bits >= other).to_vector() == std::vector<double>{1, 1, 0, 1});
        CHECK(ne(bits, 0).to_vector() == std::vector<double>{0, 1, 0, 1});
    }
}

TEST_CASE("pointwise: gradients come back in the dtype of each input") {
    const Tensor a = uniform({3}).requires_grad_(), b = to(uniform({2, 3}), f32).requires_grad_(),
                 k = tensor({1, 2, 3}, {3}, {.dtype = i64});
    const auto g = grad(sum(a * b * k), {a, b});
    CHECK(g[0].dtype() == f64);
    CHECK(g[0].shape() == Shape{3});
    CHECK(g[1].dtype() == f32);
    CHECK(g[1].shape() == Shape{2, 3});
}

TEST_CASE("pointwise: a permuted input gives an output with the same memory order") {
    const Tensor x = laid_out(uniform({2, 3, 4}), Layout::transposed);
    const auto y = tanh(x), z = x + uniform({4});
    CHECK(y.strides() == x.strides());
    CHECK(z.strides() == x.strides());
}
