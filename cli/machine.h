#pragma once
// The program and the machine it runs on, in words.
#include <cstdint>
#include <string>

namespace eps::cli {

/// Makes the kernels use so many threads; 0: as many as before. Throws UsageError if these are more
/// than the library has.
void use_threads(std::int64_t threads);
/// The text of --version: version, BLAS, CPU instruction set, CUDA.
std::string version_text();
std::string cpu_model();
/// "AVX-512, compiled for AVX2"
std::string isa_text();
/// Loads OpenBLAS: "OpenBLAS 0.3.21 ..., kernels for SkylakeX".
std::string blas_text();
std::string cuda_text();
/// "12.1 GB free of 25.1 GB"
std::string memory_text();

}  // namespace eps::cli
