#include <varepsilon.h>
#include <iostream>
using namespace eps;

int main() {
    Tensor x = randn({4, 3}), w = randn({3, 2}).requires_grad_();
    Tensor loss = mean(square(silu(matmul(x, w))));
    auto g = grad(loss, {w}, {.create_graph = true})[0];  // d loss / d w, itself differentiable
    backward(sum(square(g)));                             // a gradient penalty: second derivatives
    std::cout << w.grad() << "\n";
}
