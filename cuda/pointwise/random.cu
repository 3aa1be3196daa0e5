// Random tensors. Each thread computes one Philox block, whose four words become 4 elements of 4
// bytes or 2 of 8 bytes, as on the CPU. The words are the same on both devices. Values computed
// from them by logarithms may differ in the last bit.
#include "cuda/runtime/context.h"
#include "tensor/contract/kernels.h"
#include "tensor/scalar/philox.h"

namespace eps::kernels::cuda {
namespace {

using math::Words4;

// Each distribution makes kPerBlock elements from the words of one block. `first` is the number of
// the first one in the tensor.

struct UniformF32 {
    using Element = float;
    static constexpr int kPerBlock = 4;
    float low, width;
    __device__ void operator()(const Words4& words, float* values, std::int64_t, int) const {
        for (int i = 0; i < 4; ++i) values[i] = low + width * math::uniform_f32(words.w[i]);
    }
};

struct UniformF64 {
    using Element = double;
    static constexpr int kPerBlock = 2;
    double low, width;
    __device__ void operator()(const Words4& words, double* values, std::int64_t, int) const {
        for (int i = 0; i < 2; ++i)
            values[i] = low + width * math::uniform_f64(words.w[2 * i], words.w[2 * i + 1]);
    }
};

struct NormalF32 {
    using Element = float;
    static constexpr int kPerBlock = 4;
    float mean, deviation;
    __device__ void operator()(const Words4& words, float* values, std::int64_t, int) const {
        math::normal_pair_f32(words.w[0], words.w[1], values[0], values[1]);
        math::normal_pair_f32(words.w[2], words.w[3], values[2], values[3]);
        for (int i = 0; i < 4; ++i) values[i] = mean + deviation * values[i];
    }
};

struct NormalF64 {
    using Element = double;
    static constexpr int kPerBlock = 2;
    double mean, deviation;
    __device__ void operator()(const Words4& words, double* values, std::int64_t, int) const {
        math::normal_pair_f64(words, values[0], values[1]);
        for (int i = 0; i < 2; ++i) values[i] = mean + deviation * values[i];
    }
};

// The probability is p[i], or `probability` for all elements if p is null.
template <class T, class P> struct Bernoulli {
    using Element = T;
    static constexpr int kPerBlock = 4;
    const P* p;
    float probability;
    __device__ void operator()(const Words4& words, T* values, std::int64_t first,
                               int count) const {
        for (int i = 0; i < 4; ++i) {
            const float here = p && i < count ? static_cast<float>(p[first + i]) : probability;
            values[i] = convert<T>(math::uniform_f32(words.w[i]) < here ? 1.0f : 0.0f);
        }
    }
};

struct Randint {
    using Element = std::int64_t;
    static constexpr int kPerBlock = 2;
    std::int64_t low;
    std::uint64_t range;
    __device__ void operator()(const Words4& words, std::int64_t* values, std::int64_t, int) const {
        // upper half of a 128-bit product: biased by less than range / 2^64
        for (int i = 0; i < 2; ++i) {
            const std::uint64_t word = std::uint64_t{words.w[2 * i]} << 32 | words.w[2 * i + 1];
            values[i] = low + static_cast<std::int64_t>(__umul64hi(word, range));
        }
    }
};

template <class Make>
__global__ void __launch_bounds__(kBlock)
    random_kernel(typename Make::Element* out, std::int64_t count, PhiloxState state,
                  const Make make) {
    using T = typename Make::Element;
    constexpr int N = Make::kPerBlock;
    const std::int64_t block = std::int64_t{blockIdx.x} * blockDim.x + threadIdx.x,
                       first = block * N;
    if (first >= count) return;
    struct alignas(sizeof(T) * N) {
        T at[N];
    } values;
    const int here = count - first < N ? static_cast<int>(count - first) : N;
    make(math::philox_block(state.seed, state.first() + static_cast<std::uint64_t>(block)),
         values.at, first, here);
    if (here == N && reinterpret_cast<std::uintptr_t>(out) % sizeof(values) == 0) {
        *reinterpret_cast<decltype(values)*>(out + first) = values;  // one store
    } else {
#pragma unroll
        for (int i = 0; i < N; ++i)
            if (i < here) out[first + i] = values.at[i];
    }
}

template <class Make> void launch(Tensor& out, PhiloxState state, const Make& make) {
    const std::int64_t count = out.numel();
    if (count == 0) return;
    random_kernel<<<blocks_for(count, kBlock * Make::kPerBlock), kBlock, 0, stream()>>>(
        static_cast<typename Make::Element*>(out.raw_data()), count, state, make);
    check_launch("random");
}

template <class P> void bernoulli(Tensor& out, PhiloxState state, const P* p, double probability) {
    visit(out.dtype(), [&]<class T>() {
        launch(out, state, Bernoulli<T, P>{p, static_cast<float>(probability)});
    });
}

}  // namespace

void random(Tensor& out, Distribution distribution, PhiloxState state, double a, double b) {
    const bool f64 = out.dtype() == DType::f64;
    const auto a32 = static_cast<float>(a), b32 = static_cast<float>(b);
    switch (distribution) {
        case Distribution::uniform:
            return f64 ? launch(out, state, UniformF64{a, b - a})
                       : launch(out, state, UniformF32{a32, static_cast<float>(b - a)});
        case Distribution::normal:
            return f64 ? launch(out, state, NormalF64{a, b})
                       : launch(out, state, NormalF32{a32, b32});
        case Distribution::bernoulli: return bernoulli<float>(out, state, nullptr, a);
        case Distribution::randint: break;
    }
    const auto low = static_cast<std::int64_t>(a);
    launch(out, state,
           Randint{low, static_cast<std::uint64_t>(static_cast<std::int64_t>(b) - low)});
}

void random_bernoulli(Tensor& out, const Tensor& p, PhiloxState state) {
    if (p.dtype() == f64)
        bernoulli(out, state, static_cast<const double*>(p.raw_data()), 0);
    else
        bernoulli(out, state, static_cast<const float*>(p.raw_data()), 0);
}

}  // namespace eps::kernels::cuda
