#pragma once
// cuDNN's functions in a table. The library is loaded at the first request, so a program that never
// asks for it runs without it.
#include <cudnn.h>

namespace eps::kernels::cuda {

// clang-format off
#define EPS_CUDNN_FUNCTIONS(X)                        \
    X(cudnnCreate)                                    \
    X(cudnnSetStream)                                 \
    X(cudnnGetErrorString)                            \
    X(cudnnCreateTensorDescriptor)                    \
    X(cudnnSetTensor4dDescriptor)                     \
    X(cudnnDestroyTensorDescriptor)                   \
    X(cudnnCreateFilterDescriptor)                    \
    X(cudnnSetFilter4dDescriptor)                     \
    X(cudnnDestroyFilterDescriptor)                   \
    X(cudnnCreateConvolutionDescriptor)               \
    X(cudnnSetConvolution2dDescriptor)                \
    X(cudnnSetConvolutionGroupCount)                  \
    X(cudnnSetConvolutionMathType)                    \
    X(cudnnDestroyConvolutionDescriptor)              \
    X(cudnnGetConvolutionForwardAlgorithm_v7)         \
    X(cudnnGetConvolutionForwardWorkspaceSize)        \
    X(cudnnConvolutionForward)                        \
    X(cudnnGetConvolutionBackwardDataAlgorithm_v7)    \
    X(cudnnGetConvolutionBackwardDataWorkspaceSize)   \
    X(cudnnConvolutionBackwardData)                   \
    X(cudnnGetConvolutionBackwardFilterAlgorithm_v7)  \
    X(cudnnGetConvolutionBackwardFilterWorkspaceSize) \
    X(cudnnConvolutionBackwardFilter)                 \
    X(cudnnAddTensor)
// clang-format on

struct Cudnn {
#define EPS_CUDNN_FUNCTION(name) decltype(&::name) name;
    EPS_CUDNN_FUNCTIONS(EPS_CUDNN_FUNCTION)
#undef EPS_CUDNN_FUNCTION
};
/// The table. Throws the loader's message if there is no such library.
const Cudnn& cudnn();
/// The handle bound to stream(). Only one thread at a time may use it.
cudnnHandle_t cudnn_handle();

/// Throws eps::Error "op: <cuDNN's sentence>" unless the call succeeded.
void cudnn_check(cudnnStatus_t status, const char* op);
/// False if cuDNN does not support such operands. Throws on any other error.
bool cudnn_can(cudnnStatus_t status, const char* op);

/// Owns a descriptor, which cuDNN makes by one function of the table and destroys by another.
template <class Handle, auto create, auto destroy> class CudnnDescriptor {
public:
    CudnnDescriptor() { cudnn_check((cudnn().*create)(&handle_), "cudnn"); }
    ~CudnnDescriptor() { (void)(cudnn().*destroy)(handle_); }
    CudnnDescriptor(const CudnnDescriptor&) = delete;
    CudnnDescriptor& operator=(const CudnnDescriptor&) = delete;
    Handle get() const { return handle_; }

private:
    Handle handle_ = nullptr;
};

}  // namespace eps::kernels::cuda
