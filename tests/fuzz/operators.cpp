// Chains of ops against the reference.
#include "tests/fuzz/chain.h"

namespace eps::fuzz {

void fuzz_operators(Bytes bytes) {
    Draws draws(bytes);
    Chain chain(draws);
    for (std::int64_t steps = 1 + draws.below(6); steps > 0 && !draws.empty(); --steps)
        chain.step();
    chain.check_derivatives();
}

}  // namespace eps::fuzz
