#pragma once
// Which CPU instructions the kernels were compiled for, whether this CPU has them, and which BLAS
// is there.
#include <string>

namespace eps {

/// One CPU feature by the name that GCC gives it: "avx2".
struct IsaFeature {
    const char* name;
    bool compiled;   // the kernels may use it
    bool available;  // this CPU has it
};

/// Entry `index` of the list of features; name is null past its end. Safe to call on any CPU,
/// before main() even.
IsaFeature isa_feature(int index) noexcept;

/// What the kernels need and this CPU lacks: "avx512f avx512vl"; "" if all is there. A program that
/// goes on all the same dies of SIGILL.
std::string missing_isa();
/// The widest of the usual levels, "AVX-512", "AVX2" or "baseline": compiled into the kernels, and
/// of this CPU.
std::string compiled_isa();
std::string available_isa();

/// Which BLAS is linked and for which CPU its kernels are: "OpenBLAS 0.3.21 ..., kernels for
/// SkylakeX".
std::string blas_summary();

}  // namespace eps
