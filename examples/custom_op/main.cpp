// Uses both ops, and compares their derivatives with finite differences.
#include <varepsilon.h>

#include <iostream>

#include "ricker.h"
#include "squared_distances.h"
using namespace eps;

int main() {
    const Tensor x = randn({3, 4}, {.dtype = f64}).requires_grad_();
    const Tensor y = randn({5, 4}, {.dtype = f64}).requires_grad_();
    const auto wavelet = [](const std::vector<Tensor>& in) { return ricker(in[0]); };
    const auto distances = [](const std::vector<Tensor>& in) {
        return squared_distances(in[0], in[1]);
    };
    try {
        std::cout << "ricker(x) = " << to_string(ricker(x)) << "\n";
        gradcheck(wavelet, {x});
        gradgradcheck(wavelet, {x});
        Tensor third = ricker(x);
        for (int order = 0; order < 3; ++order)
            third = grad(sum(third), {x}, {.create_graph = true})[0];
        const Tensor formula = (pow(x, 5) - 10 * pow(x, 3) + 15 * x) * exp(-0.5 * square(x));
        check(max(abs(third - formula)).item() < 1e-12, "ricker",
              "the third derivative is not that of the formula");
        std::cout << "squared_distances(x, y) = " << to_string(squared_distances(x, y)) << "\n";
        gradcheck(distances, {x, y});
        gradgradcheck(distances, {x, y});
        std::cout
            << "derivatives agree with finite differences, and ricker's third with its formula\n";
    } catch (const Error& error) {
        std::cerr << error.what() << "\n";
        return 1;
    }
}
