#include "autograd/op.h"

namespace eps {

void check_inputs(const char* op, std::span<const Tensor> inputs) {
    for (const Tensor& x : inputs) {
        check(x.defined(), op, "an input is an undefined tensor");
        check(x.device() == inputs[0].device(), op, "inputs on different devices; got ",
              inputs[0].device(), " and ", x.device(), "; hint: to(x, device)");
    }
}

}  // namespace eps
