// expects: an op needs backward() or compose()
#include <varepsilon_op.h>

struct Same {
    static constexpr const char* name = "same";
    using saves = eps::SaveNothing;
    eps::Tensor forward(const eps::Tensor& x) const { return x; }
};

eps::Tensor same(const eps::Tensor& x) { return eps::apply(Same{}, x); }
