#pragma once
// Densities that are known up to a constant, p(z) = exp(-U(z)) / Z: the test energies of Rezende &
// Mohamed 2015, table 1.
#include <functional>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::models::flow {

/// U2, U3 and U4 do not grow along z1, so that they have no finite Z on the whole plane. Here the
/// envelope ((|z1| - 4)_+ / .25)^2 / 2 is added to them, with which the reverse KL divergence has
/// an optimum. log_z includes the envelope.
struct Energy {
    std::string name;                               // "U1"
    std::function<Tensor(const Tensor& z)> energy;  // [B, 2] -> [B], nats
    double log_z;                                   // U1 to U4: 1.8775, 2.1575, 2.7171, 2.7861
};

/// U1 to U4.
const std::vector<Energy>& energies();
/// The energy of that name.
/// Throws: on an unknown name, listing the known ones.
const Energy& energy(const std::string& name);

}  // namespace eps::models::flow
