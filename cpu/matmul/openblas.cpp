#include "cpu/matmul/openblas.h"

#include <cblas.h>
#include <omp.h>

#include <cstdlib>
#include <mutex>
#include <string_view>

#include "tensor/runtime/isa.h"

// Only builds of OpenBLAS with kernels for many CPUs (DYNAMIC_ARCH) define these; else they are
// null.
extern "C" {
void gotoblas_dynamic_init() __attribute__((weak));
void gotoblas_dynamic_quit() __attribute__((weak));
}

namespace eps::kernels::cpu {
namespace {

[[maybe_unused]] void choose_again(const char* kernels) {
    // OpenBLAS reads the variable in its initialisation only.
    setenv("OPENBLAS_CORETYPE", kernels, 1);
    gotoblas_dynamic_quit();
    gotoblas_dynamic_init();
    unsetenv("OPENBLAS_CORETYPE");
}

}  // namespace

void choose_blas_kernels() {
    static std::once_flag once;
    std::call_once(once, [] {
#if defined(__x86_64__)
        if (gotoblas_dynamic_init == nullptr || gotoblas_dynamic_quit == nullptr ||
            std::getenv("OPENBLAS_CORETYPE") != nullptr)
            return;
        if (std::string_view(openblas_get_corename()) != "Prescott") return;
        __builtin_cpu_init();
        const bool avx512 =
            __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
        if (avx512)
            choose_again("SkylakeX");
        else if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
            choose_again("Haswell");
#endif
    });
}

// An OpenMP build of OpenBLAS reads omp_get_max_threads() at every call. That setting belongs to
// the calling thread, and we restore it. Other builds have one setting for the process.
BlasCall::BlasCall() : threads_before_(omp_get_max_threads()) {
    static std::once_flag once;
    std::call_once(once, [] {
        choose_blas_kernels();
        openblas_set_num_threads(1);
    });
    if (threads_before_ != 1) omp_set_num_threads(1);
}
BlasCall::~BlasCall() {
    if (threads_before_ != 1) omp_set_num_threads(threads_before_);
}

}  // namespace eps::kernels::cpu

namespace eps {

std::string blas_summary() {
    kernels::cpu::choose_blas_kernels();
    return std::string(openblas_get_config()) + ", kernels for " + openblas_get_corename();
}

}  // namespace eps
