// Products to which cuBLASLt adds the bias as it writes the result, so that nothing is written
// twice. Where it has no such kernel, and for f64, the result is first set to the bias, and the
// product is added to it.
#include "cuda/matmul/biased_product.h"

#include <cublasLt.h>

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "cuda/runtime/context.h"
#include "cuda/matmul/gemm_operand.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr const char* kOp = "linear";

template <class Handle, cublasStatus_t (*destroy)(Handle)> struct Destroy {
    using pointer = Handle;
    void operator()(Handle handle) const { (void)destroy(handle); }
};
template <class Handle, cublasStatus_t (*destroy)(Handle)>
using Owned = std::unique_ptr<void, Destroy<Handle, destroy>>;
using Operation = Owned<cublasLtMatmulDesc_t, cublasLtMatmulDescDestroy>;
using Layout = Owned<cublasLtMatrixLayout_t, cublasLtMatrixLayoutDestroy>;
using Preference = Owned<cublasLtMatmulPreference_t, cublasLtMatmulPreferenceDestroy>;

template <class T>
void set(const Operation& operation, cublasLtMatmulDescAttributes_t what, const T& value) {
    cublas_check(cublasLtMatmulDescSetAttribute(operation.get(), what, &value, sizeof value), kOp);
}
template <class T>
void set(const Preference& preference, cublasLtMatmulPreferenceAttributes_t what, const T& value) {
    cublas_check(cublasLtMatmulPreferenceSetAttribute(preference.get(), what, &value, sizeof value),
                 kOp);
}

// The layout of op(x) [rows, columns].
Layout layout_of(const GemmOperand& x, std::int64_t rows, std::int64_t columns) {
    if (x.operation == CUBLAS_OP_T) std::swap(rows, columns);
    cublasLtMatrixLayout_t made = nullptr;
    cublas_check(cublasLtMatrixLayoutCreate(&made, cuda_type(x.tensor.dtype()),
                                            static_cast<std::uint64_t>(rows),
                                            static_cast<std::uint64_t>(columns), x.leading),
                 kOp);
    return Layout(made);
}

std::uint32_t alignment_of(const Tensor& x) {
    const auto address = reinterpret_cast<std::uintptr_t>(x.raw_data()) | 256;
    return static_cast<std::uint32_t>(address & (~address + 1));
}

/// out^T [n, m] = y^T x^T + bias, with everything on which cuBLASLt's choice of a kernel depends.
struct Product {
    const GemmOperand &x, &y;
    const Tensor &out, &bias;
    std::int64_t m, n, k, leading;
    Operation operation = {};
    Layout a = {}, b = {}, c = {};

    void describe() {
        cublasLtMatmulDesc_t made = nullptr;
        cublas_check(cublasLtMatmulDescCreate(&made, compute_type(f32), CUDA_R_32F), kOp);
        operation.reset(made);
        set(operation, CUBLASLT_MATMUL_DESC_TRANSA, y.operation);
        set(operation, CUBLASLT_MATMUL_DESC_TRANSB, x.operation);
        set(operation, CUBLASLT_MATMUL_DESC_EPILOGUE, CUBLASLT_EPILOGUE_BIAS);
        set(operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER,
            static_cast<const void*>(bias.raw_data()));
        a = layout_of(y, n, k);
        b = layout_of(x, k, m);
        c = layout_of({out, CUBLAS_OP_N, leading, 0}, n, m);
    }
    std::uint32_t written_alignment() const {
        return std::min(alignment_of(out), alignment_of(bias));
    }
    std::vector<std::int64_t> key() const {
        return {m,
                n,
                k,
                leading,
                x.leading,
                y.leading,
                x.operation,
                y.operation,
                cuda_type(x.tensor.dtype()),
                compute_type(f32),
                alignment_of(x.tensor),
                alignment_of(y.tensor),
                written_alignment()};
    }
};

// The kernel that cuBLASLt recommends, or nothing if it has none.
std::optional<cublasLtMatmulAlgo_t> find_algorithm(const Product& product,
                                                   cublasLtHandle_t handle) {
    cublasLtMatmulPreference_t made = nullptr;
    cublas_check(cublasLtMatmulPreferenceCreate(&made), kOp);
    const Preference preference(made);
    set(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, cublas_workspace().bytes);
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment_of(product.y.tensor));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment_of(product.x.tensor));
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, product.written_alignment());
    set(preference, CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, product.written_alignment());
    cublasLtMatmulHeuristicResult_t found{};
    int count = 0;
    const cublasStatus_t status = cublasLtMatmulAlgoGetHeuristic(
        handle, product.operation.get(), product.a.get(), product.b.get(), product.c.get(),
        product.c.get(), preference.get(), 1, &found, &count);
    if (status != CUBLAS_STATUS_SUCCESS || count == 0 || found.state != CUBLAS_STATUS_SUCCESS)
        return {};
    return found.algo;
}

// Finds the kernel once for all products with the same key, because the search takes longer than a
// small product.
std::optional<cublasLtMatmulAlgo_t> algorithm(const Product& product, cublasLtHandle_t handle) {
    static std::mutex mutex;
    static auto* known = new std::map<std::pair<cublasLtHandle_t, std::vector<std::int64_t>>,
                                      std::optional<cublasLtMatmulAlgo_t>>;
    std::lock_guard lock(mutex);
    const auto [entry, is_new] = known->try_emplace({handle, product.key()});
    if (is_new) entry->second = find_algorithm(product, handle);
    return entry->second;
}

bool multiply(const Tensor& out, const Tensor& a, const Tensor& b, const Tensor& bias) {
    if (out.dtype() != f32 || !bias.is_contiguous()) return false;
    const GemmOperand x = as_gemm_operand(a, f32), y = as_gemm_operand(b, f32);
    const std::int64_t m = out.size(1), n = out.size(2), leading = m == 1 ? n : out.strides()[1];
    Product product{x, y, out, bias, m, n, a.size(2), leading};
    product.describe();
    // cuBLAS documents that its handle may be used as one of cuBLASLt.
    const auto handle = reinterpret_cast<cublasLtHandle_t>(cublas());
    const auto chosen = algorithm(product, handle);
    if (!chosen) return false;
    const float one = 1, zero = 0;
    const Workspace workspace = cublas_workspace();
    cublas_check(cublasLtMatmul(handle, product.operation.get(), &one, y.tensor.raw_data(),
                                product.a.get(), x.tensor.raw_data(), product.b.get(), &zero,
                                out.raw_data(), product.c.get(), out.raw_data(), product.c.get(),
                                &*chosen, workspace.data, workspace.bytes, stream()),
                 kOp);
    return true;
}

Tensor matrix(const Tensor& x) {
    return x.as_strided({1, x.size(0), x.size(1)}, {0, x.strides()[0], x.strides()[1]}, x.offset());
}

}  // namespace

void biased_product(Tensor& out, const Tensor& a, const Tensor& b, const Tensor& bias) {
    if (out.numel() == 0) return;
    if (a.size(2) > 0 && multiply(out, a, b, bias)) return;
    copy(out, bias);
    matmul(out, a, b, true);
}

void linear(Tensor& out, const Tensor& x, const Tensor& weight, const Tensor& bias) {
    Tensor result = matrix(out);
    const Tensor transposed =
        weight.as_strided({1, weight.size(1), weight.size(0)},
                          {0, weight.strides()[1], weight.strides()[0]}, weight.offset());
    biased_product(result, matrix(x), transposed, bias);
}

}  // namespace eps::kernels::cuda
