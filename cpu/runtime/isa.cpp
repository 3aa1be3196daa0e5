// Compiled with the flags of the kernels, so that it sees their instruction set. Constants only:
// nothing here runs.
#include "tensor/runtime/isa_features.h"

namespace eps::kernels::cpu {

extern const bool compiled_features[];

// A macro that is defined is 1 as text; one that is not is its own name.
#define EPS_TEXT_OF(macro) #macro
#define EPS_IS_DEFINED(name, macro) EPS_TEXT_OF(macro)[0] == '1',
const bool compiled_features[] = {EPS_ISA_FEATURES(EPS_IS_DEFINED) false};

}  // namespace eps::kernels::cpu
