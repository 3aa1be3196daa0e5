#pragma once
// One SIMD register as a type, for the few kernels whose speed depends on what stays in registers:
// matrix tiles and Winograd transforms. All others are plain loops that the compiler vectorises.
#include <utility>

namespace eps::kernels::cpu {

#if defined(__AVX512F__)
inline constexpr int kVectorBytes = 64, kVectorRegisters = 32;
#elif defined(__AVX__)
inline constexpr int kVectorBytes = 32, kVectorRegisters = 16;
#else
inline constexpr int kVectorBytes = 16, kVectorRegisters = 16;
#endif

template <class T> struct VectorOf {
    typedef T type __attribute__((vector_size(kVectorBytes)));
    typedef T unaligned __attribute__((vector_size(kVectorBytes), aligned(alignof(T)), may_alias));
};
template <class T> using Vector = typename VectorOf<T>::type;
template <class T> inline constexpr int kLanes = kVectorBytes / static_cast<int>(sizeof(T));

template <class T> inline Vector<T> load(const T* p) {
    return *reinterpret_cast<const typename VectorOf<T>::unaligned*>(p);
}
template <class T> inline void store(T* p, Vector<T> v) {
    *reinterpret_cast<typename VectorOf<T>::unaligned*>(p) = v;
}
/// x in every lane. As x - 0 is x for every x, the compiler makes this one broadcast; x + 0 would
/// not do, because -0 + 0 is 0.
template <class T> inline Vector<T> broadcast(T x) { return x - Vector<T>{}; }

/// Exchanges the off-diagonal quarters of every block of 2h x 2h elements of a block of kLanes x
/// kLanes.
template <class T, int h, int... lane>
inline __attribute__((always_inline)) void exchange_quarters(Vector<T> (&r)[kLanes<T>],
                                                             std::integer_sequence<int, lane...>) {
    constexpr int n = kLanes<T>;
#pragma GCC unroll 16
    for (int i = 0; i < n; ++i) {
        if ((i & h) != 0) continue;
        const Vector<T> a = r[i], b = r[i + h];  // numbers of lanes from n on are those of b
        r[i] = __builtin_shufflevector(a, b, ((lane & h) != 0 ? n + lane - h : lane)...);
        r[i + h] = __builtin_shufflevector(a, b, ((lane & h) != 0 ? n + lane : lane + h)...);
    }
}

/// Transposes a block of kLanes x kLanes elements in registers, in log2(kLanes) rounds.
template <class T, int h = 1>
inline __attribute__((always_inline)) void transpose_block(Vector<T> (&r)[kLanes<T>]) {
    exchange_quarters<T, h>(r, std::make_integer_sequence<int, kLanes<T>>());
    if constexpr (2 * h < kLanes<T>) transpose_block<T, 2 * h>(r);
}

}  // namespace eps::kernels::cpu
