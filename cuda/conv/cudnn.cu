// Loads cuDNN at the first request, and keeps a handle for each GPU.
#include "cuda/conv/cudnn.h"

#include <dlfcn.h>

#include <map>
#include <mutex>
#include <string>

#include "cuda/runtime/context.h"
#include "tensor/error.h"

namespace eps::kernels::cuda {
namespace {

constexpr const char* kOp = "cudnn";

// Searches where the loader does, then where the library was when this file was compiled.
void* open_library() {
    for (const char* name : {"libcudnn.so.9", EPS_CUDNN_LIBRARY})
        if (void* library = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return library;
    fail("conv2d", "EPS_CUDA_CONV=cudnn needs cuDNN 9, which cannot be loaded; got ", dlerror(),
         "; hint: LD_LIBRARY_PATH=<folder of libcudnn.so.9>, or unset EPS_CUDA_CONV");
}

template <class Function> void find(void* library, const char* name, Function& function) {
    function = reinterpret_cast<Function>(dlsym(library, name));
    check(function != nullptr, kOp, "the library lacks a function; got ", dlerror(),
          "; expected cuDNN 9");
}

Cudnn load() {
    void* const library = open_library();  // never closed: its static objects may outlive ours
    Cudnn table{};
#define EPS_CUDNN_FIND(name) find(library, #name, table.name);
    EPS_CUDNN_FUNCTIONS(EPS_CUDNN_FIND)
#undef EPS_CUDNN_FIND
    return table;
}

}  // namespace

const Cudnn& cudnn() {
    static const Cudnn table = load();
    return table;
}

cudnnHandle_t cudnn_handle() {
    static std::mutex mutex;
    static auto* handles = new std::map<cudaStream_t, cudnnHandle_t>;  // a GPU has one stream
    std::lock_guard lock(mutex);
    cudnnHandle_t& handle = (*handles)[stream()];
    if (!handle) {
        cudnnHandle_t made = nullptr;
        cudnn_check(cudnn().cudnnCreate(&made), kOp);
        cudnn_check(cudnn().cudnnSetStream(made, stream()), kOp);
        handle = made;
    }
    return handle;
}

void cudnn_check(cudnnStatus_t status, const char* op) {
    if (status != CUDNN_STATUS_SUCCESS) [[unlikely]]
        fail(op, "cuDNN says ", cudnn().cudnnGetErrorString(status));
}

bool cudnn_can(cudnnStatus_t status, const char* op) {
    const int category = CUDNN_STATUS_CATEGORY(status);
    if (category == CUDNN_STATUS_NOT_SUPPORTED || category == CUDNN_STATUS_BAD_PARAM) return false;
    cudnn_check(status, op);
    return true;
}

}  // namespace eps::kernels::cuda
