// Matrix products and determinants.
#include "autograd/ops/linalg/einsum.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// alpha a b + beta c, with a or b transposed if transA or transB says so
Results gemm(const Call& c) {
    c.ignore("broadcast");  // c broadcasts always, since op set 7
    const Tensor a = c.flag("transA") ? transpose(c[0]) : c[0];
    const Tensor b = c.flag("transB") ? transpose(c[1]) : c[1];
    const double alpha = c.real("alpha", 1), beta = c.real("beta", 1);
    if (alpha == 1 && beta == 1 && c.has(2) && c[2].rank() == 1 && c[2].numel() == b.size(1))
        return linear(a, transpose(b), c[2]);
    const Tensor product = alpha * matmul(a, b);
    return c.has(2) ? product + beta * c[2] : product;
}

}  // namespace

void add_linear_ops(OpTable& table) {
    table.insert({
        {"MatMul", [](const Call& c) -> Results { return matmul(c[0], c[1]); }},
        {"Gemm", gemm},
        {"Einsum",
         [](const Call& c) -> Results { return einsum(c.text("equation", ""), c.tensors()); }},
        {"Det", [](const Call& c) -> Results { return det(c[0]); }},
    });
}

}  // namespace eps::conformance
