// The arithmetic of dual numbers; the rules of their functions are tested with the ops.
#include <doctest/doctest.h>

#include "tensor/scalar/dual.h"

using eps::math::Dual;
using D = Dual<double>;

TEST_CASE("dual numbers: what does not depend on the variable has the derivative 0") {
    using namespace eps::math;
    const D a(2.0), b(3.0), x(5.0, 1.0, true);
    const D results[] = {a + b,  a - b,  a * b,     a / b,     -a,         pow(a, b),
                         exp(a), log(b), max(a, b), min(a, b), fmod(b, a), hypot(a, b)};
    for (const D& constant : results) {
        CHECK(constant.d == 0);
        CHECK(!constant.active);
        // A branch that is constant keeps its derivative where it is chosen.
        CHECK(where(true, constant, x).d == 0);
        CHECK(where(false, constant, x).d == 1);
    }
}

TEST_CASE("dual numbers: the four operations have the textbook's derivatives in either operand") {
    const D x(2.0, 1.0, true), c(3.0);
    CHECK((x + c).d == 1);
    CHECK((c + x).d == 1);
    CHECK((x - c).d == 1);
    CHECK((c - x).d == -1);
    CHECK((x * c).d == 3);
    CHECK((c * x).d == 3);
    CHECK((x / c).d == 1.0 / 3);
    CHECK((c / x).d == -0.75);
    CHECK((x * x).d == 4);
    CHECK((x / x).d == 0);
    CHECK((-x).d == -1);
}
