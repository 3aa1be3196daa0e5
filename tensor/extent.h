#pragma once
// Checked arithmetic of extents: the size of a result must never wrap around.
//
//     const Extent room = Extent(x.size(2)) + 2 * Extent(padding) - kernel;
//     const std::int64_t outputs = (room / stride + 1).value("conv1d");
#include <algorithm>
#include <cstdint>

#include "tensor/shape.h"

namespace eps {

/// An int64 that remembers whether its computation has left the range of int64. Formulas are
/// written as for plain numbers, and value() throws at their end. Quotients are floored for
/// divisors above 0, which all extents have.
class Extent {
public:
    constexpr Extent(std::int64_t value) : value_(value) {}

    /// Throws, naming `op`, if a step of the computation has overflowed.
    std::int64_t value(const char* op) const {
        if (overflowed_) [[unlikely]]
            throw_overflow(op);
        return value_;
    }
    bool overflowed() const { return overflowed_; }
    /// Whether the number lies in [low, high].
    bool within(std::int64_t low, std::int64_t high) const {
        return !overflowed_ && value_ >= low && value_ <= high;
    }

    friend Extent operator+(Extent a, Extent b) {
        Extent out(a, b);
        out.overflowed_ |= __builtin_add_overflow(a.value_, b.value_, &out.value_);
        return out;
    }
    friend Extent operator-(Extent a, Extent b) {
        Extent out(a, b);
        out.overflowed_ |= __builtin_sub_overflow(a.value_, b.value_, &out.value_);
        return out;
    }
    friend Extent operator*(Extent a, Extent b) {
        Extent out(a, b);
        out.overflowed_ |= __builtin_mul_overflow(a.value_, b.value_, &out.value_);
        return out;
    }
    friend Extent operator/(Extent a, std::int64_t divisor) {
        const std::int64_t quotient = a.value_ / divisor;
        a.value_ = quotient - (a.value_ % divisor < 0);
        return a;
    }
    Extent& operator+=(Extent b) { return *this = *this + b; }
    Extent& operator*=(Extent b) { return *this = *this * b; }

private:
    Extent(Extent a, Extent b) : value_(0), overflowed_(a.overflowed_ || b.overflowed_) {}
    [[noreturn]] static void throw_overflow(const char* op);

    std::int64_t value_;
    bool overflowed_ = false;
};

}  // namespace eps
