#pragma once
// The precision in which GPUs multiply f32 matrices, convolutions included.
#include <string>
#include <vector>

namespace eps {

/// The type to which tensor cores round the factors of a product. Sums are f32, and tensors stay
/// f32 (weights too: they are the master weights).
///
/// With f16, factors below 2^-14 lose digits and factors from 65520 on become infinite, so the loss
/// must be scaled (nn/optim/grad_scaler.h). Products on the CPU ignore this setting, and so do
/// products of f64 everywhere.
enum class Precision {
    f32,   // not rounded
    tf32,  // 8 bits of exponent, 10 of mantissa
    bf16,  // 8 bits of exponent,  7 of mantissa
    f16,   // 5 bits of exponent, 10 of mantissa
};

const char* name_of(Precision precision);
/// "f32", "tf32", "bf16", "f16".
const std::vector<std::string>& precision_names();
/// The precision of that name. Throws if there is none.
Precision precision_named(const std::string& name);

/// The precision of this program; f32 unless set. A captured step keeps the one of its capture.
Precision precision();
void set_precision(Precision precision);

}  // namespace eps
