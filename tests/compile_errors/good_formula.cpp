// expects no error
#include <varepsilon_op.h>

struct Ricker {
    static constexpr const char* name = "ricker";
    double width = 1;
    template <class T> EPS_HD constexpr T f(T x) const {
        const T z = x * x / T(width * width);
        return eps::math::where(z < T(100), (T(1) - z) * eps::math::exp(T(-0.5) * z), T(0));
    }
};

eps::Tensor ricker(const eps::Tensor& x) { return eps::pointwise(Ricker{}, x); }
