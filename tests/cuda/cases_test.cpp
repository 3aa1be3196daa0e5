// The gradient cases of convolutions, spatial and fused ops and linear algebra on both devices: values and gradients.
#include "autograd/engine.h"
#include "tensor/random.h"
#include "tests/autograd/op_cases.h"
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

namespace {

// The output, then its gradient in each input.
std::vector<Tensor> results(const OpCase& c, DType dtype, Device device) {
    std::vector<Tensor> inputs;
    for (const Tensor& x : c.inputs) inputs.push_back(copy_to(cast_data(x, dtype), device).as_strided(x.shape(), contiguous_strides(x.shape()), 0).requires_grad_());
    const Tensor y = c.f(inputs);
    std::vector<Tensor> all{detach(y)};
    Generator generator(99);
    const Tensor g = copy_to(rand(y.shape(), {.dtype = dtype}, generator), device);
    for (const Tensor& d : grad(y, inputs, {.gradient = g, .allow_unused = true})) all.push_back(d);
    return all;
}

}  // namespace

TEST_CASE("cuda: convolutions, pooling, resizing, norms, softmax, attention and linear algebra give the CPU's values and gradients") {
    if (no_gpu()) return;
    std::vector<OpCase> cases;
    add_convolutions(cases);
    add_spatial(cases);
    add_fused(cases);
    add_linalg(cases);
    for (const OpCase& c : cases)
        for (DType dtype : {f32, f64}) {
            INFO(std::string(c.op), ", ", std::string(c.what), ", ", std::string(name_of(dtype)));
            const auto host = results(c, dtype, cpu), device = results(c, dtype, cuda);
            for (std::size_t i = 0; i < host.size(); ++i) {
                REQUIRE(host[i].defined() == device[i].defined());
                if (host[i].defined()) CHECK(difference(host[i], copy_to(device[i], cpu)) < (dtype == f32 ? 1e-4 : 1e-11));
            }
        }
}
