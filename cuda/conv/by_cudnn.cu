// The convolution triple by cuDNN, if the build found it and EPS_CUDA_CONV=cudnn. Images are
// cuDNN's NHWC, filters its KRSC, which is their order in filters_of().
//
// cuDNN's heuristics propose algorithms. We take the first that gives the same bits in every run
// and whose workspace is small enough. Nothing is timed, because the choice would then differ from
// run to run, and a graph could not capture it. bf16 is not supported here: cuDNN would store the
// results in bf16, too.
#include <array>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "cuda/runtime/context.h"
#include "cuda/conv/convolution.h"
#include "cuda/conv/cudnn.h"
#include "cuda/reduction/lines.cuh"
#include "cuda/runtime/vector.cuh"
#include "tensor/create.h"
#include "tensor/runtime/precision.h"

namespace eps::kernels::cuda {
namespace {

constexpr std::size_t kMaxWorkspaceBytes = std::size_t{1} << 30;

using ImageDescriptor =
    CudnnDescriptor<cudnnTensorDescriptor_t, &Cudnn::cudnnCreateTensorDescriptor,
                    &Cudnn::cudnnDestroyTensorDescriptor>;
using FilterDescriptor =
    CudnnDescriptor<cudnnFilterDescriptor_t, &Cudnn::cudnnCreateFilterDescriptor,
                    &Cudnn::cudnnDestroyFilterDescriptor>;
using ConvolutionDescriptor =
    CudnnDescriptor<cudnnConvolutionDescriptor_t, &Cudnn::cudnnCreateConvolutionDescriptor,
                    &Cudnn::cudnnDestroyConvolutionDescriptor>;

// cuDNN's default would let kernels round f32 to tf32.
cudnnMathType_t math_type(DType dtype) {
    if (dtype == f64) return CUDNN_DEFAULT_MATH;
    return precision() == Precision::tf32 ? CUDNN_TENSOR_OP_MATH : CUDNN_FMA_MATH;
}

bool can(cudnnStatus_t status) { return cudnn_can(status, "conv2d"); }

/// Everything on which cuDNN's choice of an algorithm depends, and its descriptions for cuDNN.
struct Problem {
    int images, in, out, groups;  // in, out: channels of a group
    Axis down, across;
    cudnnDataType_t type;
    cudnnMathType_t math;

    Problem(const Convolution& c, DType dtype)
        : images(static_cast<int>(c.images)),
          in(static_cast<int>(c.in)),
          out(static_cast<int>(c.out)),
          groups(static_cast<int>(c.groups)),
          down(c.windows.y),
          across(c.windows.x),
          type(dtype == f64 ? CUDNN_DATA_DOUBLE : CUDNN_DATA_FLOAT),
          math(math_type(dtype)) {}

    std::vector<std::int64_t> key() const {
        std::vector<std::int64_t> all{images, in, out, groups, type, math};
        for (const Axis& a : {down, across})
            all.insert(all.end(),
                       {a.inputs, a.outputs, a.positions, a.padding, a.dilation, a.stride_of()});
        return all;
    }
    bool describe(const ImageDescriptor& image, int count, int channels, int rows,
                  int columns) const {
        return can(cudnn().cudnnSetTensor4dDescriptor(image.get(), CUDNN_TENSOR_NHWC, type, count,
                                                      channels, rows, columns));
    }
    bool describe(const FilterDescriptor& filters) const {
        return can(cudnn().cudnnSetFilter4dDescriptor(filters.get(), type, CUDNN_TENSOR_NHWC,
                                                      groups * out, in, down.positions,
                                                      across.positions));
    }
    bool describe(const ConvolutionDescriptor& convolution) const {
        return can(cudnn().cudnnSetConvolution2dDescriptor(
                   convolution.get(), down.padding, across.padding, down.stride_of(),
                   across.stride_of(), down.dilation, across.dilation, CUDNN_CROSS_CORRELATION,
                   type)) &&
               can(cudnn().cudnnSetConvolutionGroupCount(convolution.get(), groups)) &&
               can(cudnn().cudnnSetConvolutionMathType(convolution.get(), math));
    }
};

// True if padding and outputs are as cuDNN computes them: equal padding at both ends, and as many
// outputs as fit.
bool is_plain(const Axis& a) {
    const std::int64_t room = std::int64_t{a.inputs} + 2 * std::int64_t{a.padding} -
                              std::int64_t{a.positions - 1} * a.dilation - 1;
    return a.padding >= 0 && room >= 0 && room / a.stride_of() + 1 == a.outputs;
}
bool has_elements(const Tensor& x) {
    return x.numel() > 0 && x.numel() <= std::numeric_limits<int>::max();
}
bool is_offered(DType dtype) {
    return dtype == f64 || precision() == Precision::f32 || precision() == Precision::tf32;
}

/// A convolution in cuDNN's descriptors, if it can be described. While an object exists, no other
/// thread uses the handle.
struct Described {
    std::lock_guard<std::mutex> lock{in_use()};
    Problem problem;
    ImageDescriptor x, y;
    FilterDescriptor w;
    ConvolutionDescriptor convolution;
    bool is_possible;

    Described(const Convolution& c, const Tensor& image, const Tensor& result,
              const Tensor& filters)
        : problem(c, image.dtype()),
          is_possible(is_offered(image.dtype()) && has_elements(image) && has_elements(result) &&
                      has_elements(filters) && is_plain(problem.down) && is_plain(problem.across) &&
                      describe()) {}

private:
    bool describe() const {
        const Problem& p = problem;
        return p.describe(x, p.images, p.groups * p.in, p.down.inputs, p.across.inputs) &&
               p.describe(y, p.images, p.groups * p.out, p.down.outputs, p.across.outputs) &&
               p.describe(w) && p.describe(convolution);
    }
    static std::mutex& in_use() {
        static std::mutex mutex;
        return mutex;
    }
};

template <class Descriptor> struct Operand {
    Descriptor descriptor;
    const Tensor& tensor;
};

/// One function of the triple, which computes a result from two factors, as three functions of
/// cuDNN: one proposes algorithms, the fastest first, one tells how much workspace an algorithm
/// needs, and one computes.
template <class A, class B, class R, class Algorithm, class Proposal> struct Function {
    const char* op;
    cudnnStatus_t (*propose)(cudnnHandle_t, A, B, cudnnConvolutionDescriptor_t, R, int, int*,
                             Proposal*);
    cudnnStatus_t (*measure)(cudnnHandle_t, A, B, cudnnConvolutionDescriptor_t, R, Algorithm,
                             std::size_t*);
    cudnnStatus_t (*compute)(cudnnHandle_t, const void*, A, const void*, B, const void*,
                             cudnnConvolutionDescriptor_t, Algorithm, void*, std::size_t,
                             const void*, R, void*);

    struct Choice {
        Algorithm algorithm;
        std::size_t workspace;  // bytes
    };

    // The first algorithm that will do, or nothing.
    std::optional<Choice> find(A a, B b, R result, const Described& d) const {
        // There are at most eight algorithms, each with several types of math.
        std::array<Proposal, 32> proposals{};
        int count = 0;
        const int most = static_cast<int>(proposals.size());
        if (!cudnn_can(propose(cudnn_handle(), a, b, d.convolution.get(), result, most, &count,
                               proposals.data()),
                       op))
            return {};
        for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
            const Proposal& p = proposals[i];
            std::size_t bytes = 0;
            if (p.status == CUDNN_STATUS_SUCCESS && p.determinism == CUDNN_DETERMINISTIC &&
                cudnn_can(
                    measure(cudnn_handle(), a, b, d.convolution.get(), result, p.algo, &bytes),
                    op) &&
                bytes <= kMaxWorkspaceBytes)
                return Choice{p.algo, bytes};
        }
        return {};
    }
    // Searches once for all problems with the same key, because the search takes longer than a
    // small convolution.
    std::optional<Choice> choice(A a, B b, R result, const Described& d) const {
        static auto* known = new std::map<std::pair<cudnnHandle_t, std::vector<std::int64_t>>,
                                          std::optional<Choice>>;
        const auto [entry, is_new] = known->try_emplace({cudnn_handle(), d.problem.key()});
        if (is_new) entry->second = find(a, b, result, d);
        return entry->second;
    }
    bool operator()(const Operand<A>& a, const Operand<B>& b, const Operand<R>& result,
                    const Described& d) const {
        for (const Tensor* x : {&a.tensor, &b.tensor, &result.tensor})
            if (!is_aligned(x->raw_data())) return false;  // cuDNN assumes aligned tensors
        const std::optional<Choice> chosen =
            choice(a.descriptor, b.descriptor, result.descriptor, d);
        if (!chosen) return false;
        const Tensor workspace = empty({static_cast<std::int64_t>(chosen->workspace)},
                                       {DType::u8, result.tensor.device()});
        bool done = false;
        visit_real(result.tensor, [&]<class T>() {
            const T one = 1, zero = 0;
            done = cudnn_can(compute(cudnn_handle(), &one, a.descriptor, a.tensor.raw_data(),
                                     b.descriptor, b.tensor.raw_data(), d.convolution.get(),
                                     chosen->algorithm, workspace.raw_data(), chosen->workspace,
                                     &zero, result.descriptor, result.tensor.raw_data()),
                             op);
        });
        return done;
    }
};

bool add_bias(const Tensor& image, const ImageDescriptor& descriptor, const Tensor& bias,
              const Problem& problem) {
    if (!bias.defined()) return true;
    const ImageDescriptor row;
    if (!problem.describe(row, 1, static_cast<int>(bias.numel()), 1, 1)) return false;
    bool done = false;
    visit_real(image, [&]<class T>() {
        const T one = 1;
        done = can(cudnn().cudnnAddTensor(cudnn_handle(), &one, row.get(), bias.raw_data(), &one,
                                          descriptor.get(), image.raw_data()));
    });
    return done;
}

bool forward(Tensor& y, const Tensor& x, const Tensor& w, const Tensor& bias,
             const Convolution& c) {
    const Described d(c, x, y, w);
    if (!d.is_possible) return false;
    const Function convolve{"conv2d", cudnn().cudnnGetConvolutionForwardAlgorithm_v7,
                            cudnn().cudnnGetConvolutionForwardWorkspaceSize,
                            cudnn().cudnnConvolutionForward};
    return convolve({d.x.get(), x}, {d.w.get(), filters_of(c, w)}, {d.y.get(), y}, d) &&
           add_bias(y, d.y, bias, d.problem);
}

bool input_gradient(Tensor& x, const Tensor& y, const Tensor& w, const Tensor& bias,
                    const Convolution& c) {
    const Described d(c, x, y, w);
    if (!d.is_possible) return false;
    const Function convolve{"conv2d_input", cudnn().cudnnGetConvolutionBackwardDataAlgorithm_v7,
                            cudnn().cudnnGetConvolutionBackwardDataWorkspaceSize,
                            cudnn().cudnnConvolutionBackwardData};
    return convolve({d.w.get(), filters_of(c, w)}, {d.y.get(), y}, {d.x.get(), x}, d) &&
           add_bias(x, d.x, bias, d.problem);
}

bool weight_gradient(Tensor& w, const Tensor& x, const Tensor& y, const Convolution& c) {
    const Described d(c, x, y, w);
    if (!d.is_possible) return false;
    const Function convolve{"conv2d_weight", cudnn().cudnnGetConvolutionBackwardFilterAlgorithm_v7,
                            cudnn().cudnnGetConvolutionBackwardFilterWorkspaceSize,
                            cudnn().cudnnConvolutionBackwardFilter};
    const Tensor filters = empty_filters(c, w);
    if (!convolve({d.x.get(), x}, {d.y.get(), y}, {d.w.get(), filters}, d)) return false;
    keep_filters(w, filters, c);
    return true;
}

}  // namespace

const ConvAlgorithm& conv_by_cudnn() {
    static const ConvAlgorithm triple{forward, input_gradient, weight_gradient};
    (void)cudnn();
    return triple;
}

}  // namespace eps::kernels::cuda
