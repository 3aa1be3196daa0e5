// libFuzzer's entries. One program is built for each target; EPS_FUZZ_TARGET is its name.
#include <cstdint>

#include "tests/fuzz/target.h"

namespace {
const eps::fuzz::Target& fuzzed() {
    static const eps::fuzz::Target& target = eps::fuzz::target(EPS_FUZZ_TARGET);
    return target;
}
}  // namespace

extern "C" {

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    fuzzed().run(std::as_bytes(std::span(data, size)));
    return 0;
}

std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most,
                                    unsigned seed) {
    const std::size_t length = LLVMFuzzerMutate(data, size, most);
    if (fuzzed().repair && seed % 4 != 0)
        fuzzed().repair(std::as_writable_bytes(std::span(data, length)));
    return length;
}

}  // extern "C"
