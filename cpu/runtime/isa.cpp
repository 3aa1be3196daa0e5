// The instruction sets that the kernels were compiled for: this file has their compiler flags. It
// holds constants only, so that nothing here can fail on a CPU without those instructions.
#include "tensor/runtime/isa_features.h"

namespace eps::kernels::cpu {

extern const bool compiled_features[];

// As text, a macro that is defined is 1, and one that is not is its own name.
#define EPS_TEXT_OF(macro) #macro
#define EPS_IS_DEFINED(name, macro, ...) EPS_TEXT_OF(macro)[0] == '1',
const bool compiled_features[] = {EPS_ISA_FEATURES(EPS_IS_DEFINED, EPS_IS_DEFINED) false};

}  // namespace eps::kernels::cpu
