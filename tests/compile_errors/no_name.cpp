// expects: this op has no name
#include <varepsilon_op.h>

struct Cube {
    template <class T> EPS_HD constexpr T f(T x) const { return x * x * x; }
};

eps::Tensor cube(const eps::Tensor& x) { return eps::pointwise(Cube{}, x); }
