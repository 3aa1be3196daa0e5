#include "autograd/ops/elementwise/arithmetic.h"

#include <cmath>
#include <optional>

#include "autograd/ops/checker.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

// Among integers, c is replaced by the nearest one on the side from which the comparison with any
// integer comes out the same.
enum class Side { below, above, exactly };

std::optional<std::int64_t> as_integer(Number c, Side side) {
    if (c.is_integer) return c.integer;
    const double whole = side == Side::above ? std::ceil(c.value) : std::floor(c.value);
    if (!(whole >= -0x1p63 && whole < 0x1p63)) return std::nullopt;
    if (side == Side::exactly && whole != c.value) return std::nullopt;
    return static_cast<std::int64_t>(whole);
}

// Compares x with c in x's dtype; u8 and bool in f64, which holds them.
template <class Compare>
Tensor compared(const Checker& check, const Tensor& x, Number c, Side side, const Compare& op) {
    check.defined(x);
    if (x.dtype() != i64)
        return op(x, full({}, c.value, {is_floating(x.dtype()) ? x.dtype() : f64, x.device()}));
    if (const auto whole = as_integer(c, side)) return op(x, full({}, *whole, x.options()));
    // No integer equals c, or c is beyond them all, or NaN: the answer for 0 is that for all.
    const Tensor zero(0, {.dtype = f64});
    return raw::clone(
        expand(raw::to(op(zero, Tensor(c.value, {.dtype = f64})), x.device()), x.shape()));
}

Tensor& rebind(const char* op, Tensor& x, Tensor result) {
    check(result.shape() == x.shape() && result.dtype() == x.dtype(), op,
          "x would change its shape or dtype; got x ", describe(x), " and a result ",
          describe(result), "; hint: assign the result to a variable of its own");
    return x = std::move(result);
}

}  // namespace

Tensor operator+(const Tensor& x, Number c) {
    if (!c.is_double() && x.dtype() == i64) [[unlikely]]
        return add(x, full({}, c, x.options()));
    return add_scalar(x, {c.value});
}
Tensor operator*(const Tensor& x, Number c) {
    if (!c.is_double() && x.dtype() == i64) [[unlikely]]
        return mul(x, full({}, c, x.options()));
    return mul_scalar(x, {c.value});
}

Tensor& operator+=(Tensor& x, const Tensor& y) { return rebind("operator+=", x, x + y); }
Tensor& operator-=(Tensor& x, const Tensor& y) { return rebind("operator-=", x, x - y); }
Tensor& operator*=(Tensor& x, const Tensor& y) { return rebind("operator*=", x, x * y); }
Tensor& operator/=(Tensor& x, const Tensor& y) { return rebind("operator/=", x, x / y); }
Tensor& operator+=(Tensor& x, Number c) { return rebind("operator+=", x, x + c); }
Tensor& operator-=(Tensor& x, Number c) { return rebind("operator-=", x, x - c); }
Tensor& operator*=(Tensor& x, Number c) { return rebind("operator*=", x, x * c); }
Tensor& operator/=(Tensor& x, double c) { return rebind("operator/=", x, x / c); }

Tensor operator<(const Tensor& x, Number c) {
    return compared("lt", x, c, Side::above, [](const auto& a, const auto& b) { return lt(a, b); });
}
Tensor operator<=(const Tensor& x, Number c) {
    return compared("le", x, c, Side::below, [](const auto& a, const auto& b) { return le(a, b); });
}
Tensor operator>(const Tensor& x, Number c) {
    return compared("gt", x, c, Side::below, [](const auto& a, const auto& b) { return gt(a, b); });
}
Tensor operator>=(const Tensor& x, Number c) {
    return compared("ge", x, c, Side::above, [](const auto& a, const auto& b) { return ge(a, b); });
}
Tensor eq(const Tensor& x, Number c) {
    return compared("eq", x, c, Side::exactly,
                    [](const auto& a, const auto& b) { return eq(a, b); });
}
Tensor ne(const Tensor& x, Number c) {
    return compared("ne", x, c, Side::exactly,
                    [](const auto& a, const auto& b) { return ne(a, b); });
}

}  // namespace eps
