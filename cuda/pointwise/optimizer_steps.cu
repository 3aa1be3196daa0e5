// Optimiser steps, and the unscaling of gradients, over all parameters in one launch. A model has
// hundreds of tensors, most of them small, which would cost more in launches than in arithmetic if
// launched one by one. Addresses and sizes are kernel parameters, 256 tensors a launch. Learning
// rates and counts differ from replay to replay of a captured step, so kernels read them from
// memory.
#include <algorithm>

#include "cuda/runtime/context.h"
#include "tensor/contract/kernels.h"

namespace eps::kernels::cuda {
namespace {

constexpr int kTensors = 256;  // 11 KiB of the 32 KiB that kernel parameters may take
constexpr std::int64_t kChunk = 16 * kBlock;  // elements of a block

template <class T> struct Batch {
    int tensors = 0;
    // Blocks [first_block[t], first_block[t + 1]) work on tensor t.
    unsigned first_block[kTensors + 1] = {};
    std::int64_t count[kTensors] = {};
    T* value[kTensors] = {};
    const T* gradient[kTensors] = {};
    T* state1[kTensors] = {};  // null if the update has no such state
    T* state2[kTensors] = {};
    unsigned blocks() const { return first_block[tensors]; }
};

/// The elements [first, last) of one tensor on which a block works.
struct Chunk {
    int tensor;
    std::int64_t first, last;
    template <class T> __device__ explicit Chunk(const Batch<T>& batch) {
        // Finds the last t with first_block[t] <= blockIdx.x by bisection.
        int t = 0, end = batch.tensors;
        while (end - t > 1) {
            const int middle = (t + end) / 2;
            if (batch.first_block[middle] <= blockIdx.x)
                t = middle;
            else
                end = middle;
        }
        tensor = t;
        first = std::int64_t{blockIdx.x - batch.first_block[t]} * kChunk;
        last = min(first + kChunk, batch.count[t]);
    }
};

template <class U, class T>
__global__ void __launch_bounds__(kBlock)
    update_kernel(const __grid_constant__ Batch<T> batch, const UpdateCoefficients* coefficients) {
    if (coefficients->skip != 0) return;
    const math::Coefficients<T> c(*coefficients);
    const Chunk chunk(batch);
    T* const p = batch.value[chunk.tensor];
    const T* const g = batch.gradient[chunk.tensor];
    T* const s1 = batch.state1[chunk.tensor];
    T* const s2 = batch.state2[chunk.tensor];
#pragma unroll 4
    for (std::int64_t i = chunk.first + threadIdx.x; i < chunk.last; i += kBlock) {
        T value = p[i], state1 = s1 ? s1[i] : T(0), state2 = s2 ? s2[i] : T(0);
        U::f(value, g[i], state1, state2, c);
        p[i] = value;
        if (s1) s1[i] = state1;
        if (s2) s2[i] = state2;
    }
}

// Several threads may write *found. All of them write 1, so the race is benign.
template <class T>
__global__ void __launch_bounds__(kBlock)
    unscale_kernel(const __grid_constant__ Batch<T> batch, const float* scale, float* found) {
    const auto factor = static_cast<T>(1 / static_cast<double>(*scale));
    const Chunk chunk(batch);
    T* const to = batch.value[chunk.tensor];
    const T* const from = batch.gradient[chunk.tensor];
#pragma unroll 4
    for (std::int64_t i = chunk.first + threadIdx.x; i < chunk.last; i += kBlock) {
        const T x = from[i];
        if (!isfinite(x)) *found = 1;
        to[i] = x * factor;
    }
}

/// Calls launch_batch(batch) for all tensors of type T, kTensors at a time.
template <class T, class Launch>
void in_batches(std::span<const UpdateTensors> list, const Launch& launch_batch) {
    const auto data = [](const Tensor& x) {
        return x.defined() ? static_cast<T*>(x.raw_data()) : nullptr;
    };
    Batch<T> batch;
    const auto launch = [&] {
        if (batch.blocks() == 0) return;
        launch_batch(batch);
        batch = {};
    };
    for (const UpdateTensors& x : list) {
        if (x.value.dtype() != dtype_of<T> || x.value.numel() == 0) continue;
        if (batch.tensors == kTensors) launch();
        const int t = batch.tensors++;
        batch.count[t] = x.value.numel();
        batch.value[t] = data(x.value);
        batch.gradient[t] = data(x.gradient);
        batch.state1[t] = data(x.state1);
        batch.state2[t] = data(x.state2);
        batch.first_block[t + 1] =
            batch.first_block[t] + blocks_for(batch.count[t], static_cast<int>(kChunk));
    }
    launch();
}

/// Calls f.template operator()<T>() for the two types of parameters, and marks every value in the
/// list as written.
template <class F> void for_dtypes(std::span<const UpdateTensors> list, const F& f) {
    for (const UpdateTensors& x : list) x.value.storage().bump_version();
    f.template operator()<float>();
    f.template operator()<double>();
}

template <class U>
void update_dtypes(std::span<const UpdateTensors> list, const Tensor& coefficients) {
    const auto* const numbers = static_cast<const UpdateCoefficients*>(coefficients.raw_data());
    for_dtypes(list, [&]<class T>() {
        in_batches<T>(list, [&](const Batch<T>& batch) {
            update_kernel<U, T><<<batch.blocks(), kBlock, 0, stream()>>>(batch, numbers);
            check_launch("multi_tensor_update");
        });
    });
}

}  // namespace

void multi_tensor_update(Update update, const Tensor& coefficients,
                         std::span<const UpdateTensors> list) {
    switch (update) {
#define EPS_UPDATE_CASE(name, S) \
    case Update::name: return update_dtypes<math::S>(list, coefficients);
        EPS_UPDATES(EPS_UPDATE_CASE)
#undef EPS_UPDATE_CASE
    }
}

void multi_tensor_unscale(Tensor& found, const Tensor& scale, std::span<const UpdateTensors> list) {
    for_dtypes(list, [&]<class T>() {
        in_batches<T>(list, [&](const Batch<T>& batch) {
            unscale_kernel<T><<<batch.blocks(), kBlock, 0, stream()>>>(
                batch, static_cast<const float*>(scale.raw_data()),
                static_cast<float*>(found.raw_data()));
            check_launch("multi_tensor_unscale");
        });
    });
}

}  // namespace eps::kernels::cuda
