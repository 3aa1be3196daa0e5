#pragma once
// Densities known up to a constant, p(z) = exp(-U(z)) / Z: the test energies of Rezende & Mohamed
// 2015, table 1.
#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::models::flow {

/// U2, U3 and U4 have no finite Z on the whole plane: along z1 they do not decay. Here they have an
/// envelope, ((|z1| - 4)_+ / .25)^2 / 2, so that the reverse KL divergence has an optimum; log_z is
/// that of the energy with its envelope.
struct Energy {
    std::string name;                               // "U1"
    std::function<Tensor(const Tensor& z)> energy;  // [B, 2] -> [B], nats
    double log_z;                                   // 1.8775 / 2.1575 / 2.7171 / 2.7861
};

/// U1 to U4.
const std::vector<Energy>& energies();
/// The one of that name; throws, listing the names, on another.
const Energy& energy(const std::string& name);

}  // namespace eps::models::flow
