#include "cpu/matmul/openblas.h"

#include <dlfcn.h>
#include <sys/mman.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "tensor/error.h"
#include "tensor/runtime/isa.h"

namespace eps::kernels::cpu {
namespace {

constexpr const char* kOp = "OpenBLAS";

// OpenBLAS maps its code (36 MB) and a buffer of 128 MB when it is loaded, and another buffer for
// each thread that calls it. Where it gets none it tries again for ever.
constexpr std::size_t kRoom = std::size_t{512} << 20;

void check_room() {
    void* const room = ::mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    check(room != MAP_FAILED, kOp, "it starts with buffers, and this program may not take another ",
          kRoom >> 20, " MB of addresses; hint: raise the limit (ulimit -v)");
    ::munmap(room, kRoom);
}

void* open_library() {
    check_room();
    // It reads the number of its threads in its initialisation, and takes a buffer for each.
    const bool chosen = std::getenv("OPENBLAS_NUM_THREADS") != nullptr;
    if (!chosen) ::setenv("OPENBLAS_NUM_THREADS", "1", 1);
    void* library = nullptr;
    for (const char* name : {"libopenblas.so.0", "libopenblas.so"})
        if (library == nullptr) library = ::dlopen(name, RTLD_NOW | RTLD_LOCAL);
    if (!chosen) ::unsetenv("OPENBLAS_NUM_THREADS");
    if (library == nullptr)
        throw Unavailable(kOp, str("matrix-vector products and linear algebra need it; got: ",
                                   ::dlerror(), "; hint: apt-get install libopenblas0-openmp"));
    return library;
}

class Library {
public:
    static const Library& instance() {
        static const Library library;
        return library;
    }

    Routines<float> of_float;
    Routines<double> of_double;
    // Only builds of OpenBLAS with OpenMP have these; else they are null.
    int (*omp_get_max_threads)() = nullptr;
    void (*omp_set_num_threads)(int) = nullptr;
    char* (*config)() = nullptr;
    char* (*core_name)() = nullptr;

private:
    Library() : handle_(open_library()) {
        find_all(of_float, 's');
        find_all(of_double, 'd');
        find(omp_get_max_threads, "omp_get_max_threads");
        find(omp_set_num_threads, "omp_set_num_threads");
        require(config, "openblas_get_config");
        require(core_name, "openblas_get_corename");
        choose_kernels();
        void (*set_threads)(int) = nullptr;
        require(set_threads, "openblas_set_num_threads");
        set_threads(1);
    }

    template <class F> void find(F*& function, const std::string& name) const {
        function = reinterpret_cast<F*>(::dlsym(handle_, name.c_str()));
    }
    template <class F> void require(F*& function, const std::string& name) const {
        find(function, name);
        check(function != nullptr, kOp, "the library that was found has no ", name,
              "; expected OpenBLAS with LAPACK");
    }
    template <class T> void find_all(Routines<T>& all, char type) const {
        const auto routine = [&](auto& function, const char* name) {
            require(function, type + std::string(name) + "_");
        };
        routine(all.gemv, "gemv");
        routine(all.trsm, "trsm");
        routine(all.potrf, "potrf");
        routine(all.getrf, "getrf");
        routine(all.geqrf, "geqrf");
        routine(all.orgqr, "orgqr");
        routine(all.syevd, "syevd");
    }
    void choose_kernels() const;

    void* handle_;  // stays open until the process ends
};

// OpenBLAS chooses its kernels by the CPU's model number. For a model newer than itself it chooses
// those of the Prescott (SSE3, 2004), at a quarter of the speed or less. In that case it is made to
// choose again, by the instruction sets of the CPU. OPENBLAS_CORETYPE, if the user has set it,
// takes precedence.
void Library::choose_kernels() const {
#if defined(__x86_64__)
    // Only builds with kernels for many CPUs (DYNAMIC_ARCH) have these.
    void (*begin)() = nullptr;
    void (*end)() = nullptr;
    find(begin, "gotoblas_dynamic_init");
    find(end, "gotoblas_dynamic_quit");
    if (begin == nullptr || end == nullptr || std::getenv("OPENBLAS_CORETYPE") != nullptr) return;
    if (std::string_view(core_name()) != "Prescott") return;
    __builtin_cpu_init();
    const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
                        __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl");
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    if (!avx512 && !avx2) return;
    // It reads the variable in its initialisation only.
    ::setenv("OPENBLAS_CORETYPE", avx512 ? "SkylakeX" : "Haswell", 1);
    end();
    begin();
    ::unsetenv("OPENBLAS_CORETYPE");
#endif
}

}  // namespace

template <> const Routines<float>& routines<float>() { return Library::instance().of_float; }
template <> const Routines<double>& routines<double>() { return Library::instance().of_double; }

// An OpenMP build of OpenBLAS reads omp_get_max_threads() at every call. That setting belongs to
// the calling thread, and we restore it. Other builds have one setting for the process.
BlasCall::BlasCall() {
    const Library& library = Library::instance();
    if (library.omp_get_max_threads == nullptr || library.omp_set_num_threads == nullptr) return;
    threads_before_ = library.omp_get_max_threads();
    if (threads_before_ != 1) library.omp_set_num_threads(1);
}
BlasCall::~BlasCall() {
    if (threads_before_ != 1) Library::instance().omp_set_num_threads(threads_before_);
}

}  // namespace eps::kernels::cpu

namespace eps {

std::string blas_summary() {
    const kernels::cpu::Library& library = kernels::cpu::Library::instance();
    return std::string(library.config()) + ", kernels for " + library.core_name();
}

}  // namespace eps
