// expects: use eps::math::exp and the other primitives of tensor/scalar/dual.h
#include <varepsilon_op.h>

#include <cmath>

struct Bell {
    static constexpr const char* name = "bell";
    template <class T> EPS_HD constexpr T f(T x) const { return T(std::exp(-x * x)); }
};

eps::Tensor bell(const eps::Tensor& x) { return eps::pointwise(Bell{}, x); }
