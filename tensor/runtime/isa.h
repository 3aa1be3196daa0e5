#pragma once
// Which instruction sets the CPU kernels were compiled for, which of them this CPU has, and which
// BLAS is linked.
#include <string>

namespace eps {

/// One CPU feature, by GCC's name for it: "avx2".
struct IsaFeature {
    const char* name;
    bool compiled;   // the kernels may use it
    bool available;  // this CPU has it
};

/// Entry `index` of the list of features. Past its end the name is null. This may be called on any
/// CPU, and before main().
IsaFeature isa_feature(int index) noexcept;

/// The features that the kernels need and this CPU lacks: "avx512f avx512vl", or "" if it has all.
/// Calling kernels regardless ends in SIGILL.
std::string missing_isa();
/// The widest usual level that the kernels were compiled for: "AVX-512", "AVX2" or "baseline".
std::string compiled_isa();
/// The same, for this CPU.
std::string available_isa();

/// The linked BLAS and the CPU that its kernels are for: "OpenBLAS 0.3.21 ..., kernels for
/// SkylakeX".
std::string blas_summary();

}  // namespace eps
