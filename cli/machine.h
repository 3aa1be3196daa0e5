#pragma once
// The program and the machine it runs on, in words.
#include <string>

namespace eps::cli {

/// The text of --version: version, BLAS, CPU instruction set, CUDA.
std::string version_text();
std::string cpu_model();
/// "AVX-512, compiled for AVX2"
std::string isa_text();
std::string cuda_text();
/// "12.1 GB free of 25.1 GB"
std::string memory_text();

}  // namespace eps::cli
