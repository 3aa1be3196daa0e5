#pragma once
// How GPUs multiply matrices of f32, convolutions included.
#include <string>
#include <vector>

namespace eps {

/// f32: as it says. tf32: factors rounded to 10 bits of mantissa by the tensor cores. bf16: factors
/// rounded to bf16, 7 bits. f16: factors rounded to f16, 10 bits again, but with 5 bits of exponent
/// for 8: below 2^-14 they lose digits, from 65520 on they are infinite, and so the loss must be
/// scaled (nn/optim/grad_scaler.h). All sum in f32, and tensors, weights among them, stay f32: they
/// are the master weights. The CPU's products are f32 whatever is said here, and products of f64
/// are f64 everywhere.
enum class Precision { f32, tf32, bf16, f16 };

const char* name_of(Precision precision);
/// "f32", "tf32", "bf16", "f16".
const std::vector<std::string>& precision_names();
/// Throws on another name.
Precision precision_named(const std::string& name);

/// Of this program; f32 unless set. A captured step keeps that of its capture.
Precision precision();
void set_precision(Precision precision);

}  // namespace eps
