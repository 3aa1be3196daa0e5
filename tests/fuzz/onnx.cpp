// The reader of ONNX files that the conformance tests use.
#include "tests/conformance/onnx/model.h"
#include "tests/fuzz/target.h"

namespace eps::fuzz {

void fuzz_onnx(Bytes bytes) {
    reads([&] { conformance::parse_model(text_of(bytes)); });
    reads([&] { conformance::parse_tensor(text_of(bytes)); });
    reads([&] { conformance::parse_sequence(text_of(bytes)); });
}

}  // namespace eps::fuzz
