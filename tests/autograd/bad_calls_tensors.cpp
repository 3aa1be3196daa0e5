// Bad calls: making tensors, reading them, and asking for derivatives.
#include <limits>

#include "tests/autograd/bad_calls.h"
#include "varepsilon.h"

namespace eps::test {
namespace {

constexpr double nan_ = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t huge = std::int64_t{1} << 62;

}  // namespace

void add_bad_calls_tensors(std::vector<BadCall>& calls) {
    static const Tensor a = zeros({4, 3});
    static const Tensor v = zeros({3});
    static const Tensor scalar = zeros({});
    static const Tensor none;
    static const Tensor whole = zeros({3}, {.dtype = i64});
    static const Tensor half = zeros({3}, {.dtype = bf16});
    static const Tensor real = zeros({4, 3}, {.dtype = f64});
    static const Tensor w = zeros({4, 3}).requires_grad_();
    static const Tensor computed = w * 2.0;
    static const TensorFunction same = [](const std::vector<Tensor>& in) { return in[0]; };
    const std::vector<BadCall> table = {
        // Making tensors.
        EPS_THROWS("empty", zeros({2, -3}), "negative extent", "[2, -3]"),
        EPS_THROWS("empty", rand({-1}), "negative extent", "[-1]"),
        EPS_THROWS("empty", zeros({huge}), "overflows", "[4611686018427387904]"),
        EPS_THROWS("shape", zeros({huge, huge}), "overflows"),
        EPS_THROWS("shape", zeros({1, 1, 1, 1, 1, 1, 1, 1, 1}), "too many dimensions", "9", "8"),
        EPS_THROWS("cpu allocator", zeros({huge / 1024}), "larger than any machine's memory"),
        EPS_THROWS("tensor", tensor({1, 2, 3}, {2, 2}), "3 values", "expected 4", "[2, 2]"),
        EPS_THROWS("tensor", tensor({1, 256}, {2}, {.dtype = u8}), "beyond the range", "256", "u8"),
        EPS_THROWS("full", full({2}, -1, {.dtype = u8}), "beyond the range", "-1", "u8"),
        EPS_THROWS("fill_", zeros({2}, {.dtype = i64}).fill_(1e300), "beyond the range", "1e+300",
                   "i64"),
        EPS_THROWS("fill_", Tensor(whole).fill_(3.5), "fractional", "3.5", "i64"),
        EPS_THROWS("fill_", expand(scalar, {3}).fill_(1), "overlaps itself", "f32 [3]"),
        EPS_THROWS("copy_", expand(v, {4, 3}).copy_(a), "overlaps itself", "f32 [4, 3]"),
        EPS_THROWS("full", full({2}, 0.5, {.dtype = u8}), "fractional", "0.5", "u8"),
        EPS_THROWS("shape", zeros({0, huge, huge}), "overflow"),
        EPS_THROWS("as_strided", ones({4}).as_strided({64}, {1}, -64), "inside the storage",
                   "offset -64", "0 to 3"),
        EPS_THROWS("as_strided", v.as_strided({2, 2}, {huge, 1}, 0), "inside the storage"),
        EPS_THROWS("empty_strided", empty_strided({2, 2}, {1, 1}), "densely", "[1, 1]", "[2, 2]"),
        EPS_THROWS("Tensor", none.shape(), "undefined"),
        EPS_THROWS("Tensor", none.is_leaf(), "undefined"),
        EPS_THROWS("Tensor", none.grad(), "undefined"),
        EPS_THROWS("Tensor", none.as_strided({1}, {1}, 0), "undefined"),
        EPS_THROWS("Tensor", none.dtype(), "undefined"),
        EPS_THROWS("from_span", from_span(std::span<const float>(), {2}), "0 values", "expected 2"),
        EPS_THROWS("arange", arange(0, 1, nan_), "bad step", "nan"),
        EPS_THROWS("arange", arange(0, 1, 0), "bad step", "step 0"),
        EPS_THROWS("arange", arange(0, 1e300), "bad step", "1e+300"),
        EPS_THROWS("arange", arange(0, 2, 0.5, {.dtype = i64}), "fractional", "0.5", "i64"),
        EPS_THROWS("arange", arange(0, 300, 1, {.dtype = u8}), "beyond the range", "299"),
        EPS_THROWS("linspace", linspace(0, 300, 4, {.dtype = u8}), "beyond the range", "u8"),
        EPS_THROWS("linspace", linspace(0, 1, -2), "negative count", "-2"),
        EPS_THROWS("empty", eye(-1), "negative extent"),
        EPS_THROWS("full_like", zeros_like(none), "undefined"),
        EPS_THROWS("clone", clone(none), "undefined"),
        // Random numbers.
        EPS_THROWS("rand", rand({2}, Options{.dtype = i64}), "f32 or f64", "i64"),
        EPS_THROWS("randn", randn({2}, Options{.dtype = bf16}), "bf16"),
        EPS_THROWS("randint", randint(5, 5, {2}), "low 5", "high 5"),
        EPS_THROWS("randint", randint(0, huge, {2}), "2^53"),
        EPS_THROWS("bernoulli", bernoulli(1.5, {2}), "not a probability", "1.5"),
        EPS_THROWS("bernoulli", bernoulli(nan_, {2}), "not a probability", "nan"),
        EPS_THROWS("bernoulli", bernoulli(whole), "i64 [3]"),
        EPS_THROWS("bernoulli", bernoulli(none), "undefined"),
        EPS_THROWS("randperm", randperm(-1), "negative length"),
        // The tensor itself.
        EPS_THROWS("item", a.item(), "one element", "f32 [4, 3]"),
        EPS_THROWS("item", none.item(), "undefined"),
        EPS_THROWS("to_vector", none.to_vector(), "undefined"),
        EPS_THROWS("data", a.data<double>(), "f64", "f32 [4, 3]"),
        EPS_THROWS("data", none.data<float>(), "undefined"),
        EPS_THROWS("size", a.size(2), "dim 2", "rank 2"),
        EPS_THROWS("copy_", Tensor(v).copy_(a), "broadcast", "[4, 3]", "[3]"),
        EPS_THROWS("copy_", Tensor(v).copy_(none), "undefined"),
        EPS_THROWS("copy_", Tensor(w).copy_(a), "requires a gradient", "NoGrad"),
        EPS_THROWS("fill_", Tensor(computed).fill_(1), "requires a gradient", "NoGrad"),
        EPS_THROWS("requires_grad_", Tensor(whole).requires_grad_(), "f32 and f64", "i64 [3]"),
        EPS_THROWS("requires_grad_", Tensor(half).requires_grad_(), "bf16"),
        EPS_THROWS("requires_grad_", Tensor(computed).requires_grad_(), "computed from others",
                   "detach"),
        EPS_THROWS("requires_grad_", Tensor().requires_grad_(), "undefined"),
        EPS_THROWS("set_grad", a.set_grad(a), "not a leaf"),
        EPS_THROWS("set_grad", w.set_grad(v), "f32 [3]", "f32 [4, 3]"),
        EPS_THROWS("set_grad", none.set_grad(v), "undefined"),
        EPS_THROWS("detach", detach(none), "undefined"),
        EPS_THROWS("to", to(none, f64), "undefined"),
        EPS_THROWS("operator[]", a[4], "index 4", "-4 to 3", "dim 0 of [4, 3]"),
        EPS_THROWS("operator[]", (a[{0, -4}]), "index -4", "-3 to 2", "dim 1"),
        EPS_THROWS("operator[]", (a[{0, 0, 0}]), "too many indices", "got 3", "f32 [4, 3]"),
        EPS_THROWS("operator[]", a[Slice{.step = 0}], "step", "got 0"),
        EPS_THROWS("operator[]", scalar[0], "too many indices", "f32 []"),
        EPS_THROWS("operator[]", none[0], "undefined"),
        // Derivatives.
        EPS_THROWS("backward", backward(a), "requires a gradient", "requires_grad_"),
        EPS_THROWS("backward", backward(none), "requires a gradient"),
        EPS_THROWS("backward", backward(computed), "several elements", "f32 [4, 3]", "sum()"),
        EPS_THROWS("backward", backward(computed, {.gradient = v}), "f32 [3]", "f32 [4, 3]"),
        EPS_THROWS("backward", backward(computed, {.gradient = real}), "f64 [4, 3]"),
        EPS_THROWS("grad", grad(sum(computed), {a}), "input 0", "does not require a gradient"),
        EPS_THROWS("grad", grad(sum(computed), {none}), "input 0"),
        EPS_THROWS("grad", grad(a, {w}), "requires a gradient"),
        EPS_THROWS("register_hook", register_hook(w, {}), "empty"),
        EPS_THROWS("register_hook", register_hook(a, {}), "does not require a gradient"),
        EPS_THROWS("gradcheck",
                   gradgradcheck([](const std::vector<Tensor>&) { return Tensor(); }, {real}),
                   "returned an undefined tensor"),
        EPS_THROWS("gradcheck", gradcheck(same, {none}), "undefined"),
        EPS_THROWS("gradcheck", gradcheck(same, {w}), "f32 [4, 3]", "f64"),
    };
    calls.insert(calls.end(), table.begin(), table.end());
}

}  // namespace eps::test
