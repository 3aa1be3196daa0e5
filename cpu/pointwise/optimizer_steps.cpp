// Optimiser steps, and the unscaling of gradients, over all parameters at once: one parallel loop
// over chunks of every tensor.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstring>
#include <limits>

#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kChunk = 8 * 1024;  // elements

struct Piece {
    std::int64_t first, count;
};

std::int64_t pieces_of(const UpdateTensors& t) { return ceil_div(t.value.numel(), kChunk); }

/// Calls f(tensor, piece) for the pieces of dtype T, on several threads if there is enough to do.
/// Nothing is allocated: a step that has begun must not fail.
template <class T, class F> void parallel_pieces(std::span<const UpdateTensors> list, const F& f) {
    std::int64_t count = 0, work = 0;
    for (const UpdateTensors& t : list) {
        if (t.value.dtype() != dtype_of<T>) continue;
        count += pieces_of(t);
        work += t.value.numel();
    }
    parallel_for(count, work <= 2 * kChunk ? count : 1, [&](std::int64_t begin, std::int64_t end) {
        std::int64_t before = 0;  // pieces of the tensors so far
        for (const UpdateTensors& t : list) {
            if (t.value.dtype() != dtype_of<T>) continue;
            const std::int64_t own = pieces_of(t), n = t.value.numel();
            const std::int64_t last = std::min(end - before, own);
            for (std::int64_t i = std::max<std::int64_t>(begin - before, 0); i < last; ++i)
                f(t, Piece{i * kChunk, std::min(kChunk, n - i * kChunk)});
            before += own;
        }
    });
}

template <class U, class T>
void update_piece(const UpdateTensors& t, const Piece& piece,
                  const math::Coefficients<T>& coefficients) {
    const math::Coefficients<T> c = coefficients;
    const auto at = [&](const Tensor& x) {
        return x.defined() ? static_cast<T*>(x.raw_data()) + piece.first : nullptr;
    };
    T* __restrict p = at(t.value);
    const T* __restrict g = at(t.gradient);
    T* __restrict s1 = at(t.state1);
    T* __restrict s2 = at(t.state2);
    const auto loop = [&](auto has1, auto has2) {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < piece.count; ++i) {
            T value = p[i], first = has1 ? s1[i] : T(0), second = has2 ? s2[i] : T(0);
            U::f(value, g[i], first, second, c);
            p[i] = value;
            if constexpr (has1) s1[i] = first;
            if constexpr (has2) s2[i] = second;
        }
    };
    if (s2)
        loop(std::true_type{}, std::true_type{});
    else if (s1)
        loop(std::true_type{}, std::false_type{});
    else
        loop(std::false_type{}, std::false_type{});
}

template <class U>
void update_dtypes(std::span<const UpdateTensors> list, const UpdateCoefficients& c) {
    const auto update = [&]<class T>() {
        const math::Coefficients<T> typed(c);
        parallel_pieces<T>(list, [&](const UpdateTensors& t, const Piece& piece) {
            update_piece<U, T>(t, piece, typed);
        });
    };
    update.template operator()<float>();
    update.template operator()<double>();
}

/// value = gradient * factor. Returns true if the gradient is finite.
template <class T> bool unscale_piece(const UpdateTensors& t, const Piece& piece, T factor) {
    T* __restrict to = static_cast<T*>(t.value.raw_data()) + piece.first;
    const T* __restrict from = static_cast<const T*>(t.gradient.raw_data()) + piece.first;
    bool finite = true;
    for (std::int64_t i = 0; i < piece.count; ++i) {
        finite &= std::abs(from[i]) <= std::numeric_limits<T>::max();
        to[i] = from[i] * factor;
    }
    return finite;
}

}  // namespace

void multi_tensor_update(Update update, const Tensor& coefficients,
                         std::span<const UpdateTensors> list) {
    UpdateCoefficients c;
    std::memcpy(&c, coefficients.raw_data(), sizeof c);
    if (c.skip != 0) return;
    for (const UpdateTensors& t : list) t.value.storage().bump_version();
    switch (update) {
#define EPS_UPDATE_CASE(name, S) \
    case Update::name: return update_dtypes<math::S>(list, c);
        EPS_UPDATES(EPS_UPDATE_CASE)
#undef EPS_UPDATE_CASE
    }
}

void multi_tensor_unscale(Tensor& found, const Tensor& scale, std::span<const UpdateTensors> list) {
    for (const UpdateTensors& t : list) t.value.storage().bump_version();
    const double factor = 1 / static_cast<double>(*scale.data<float>());
    std::atomic<bool> finite{true};
    const auto unscale = [&]<class T>() {
        parallel_pieces<T>(list, [&](const UpdateTensors& t, const Piece& piece) {
            if (!unscale_piece<T>(t, piece, static_cast<T>(factor)))
                finite.store(false, std::memory_order_relaxed);
        });
    };
    unscale.template operator()<float>();
    unscale.template operator()<double>();
    if (!finite) *found.data<float>() = 1;
}

}  // namespace eps::kernels::cpu
