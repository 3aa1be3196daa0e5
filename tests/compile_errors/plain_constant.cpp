// expects: write constants as T(0.5)
#include <varepsilon_op.h>

struct Half {
    static constexpr const char* name = "half";
    template <class T> EPS_HD constexpr T f(T x) const { return T(0.5 * x); }
};

eps::Tensor half(const eps::Tensor& x) { return eps::pointwise(Half{}, x); }
