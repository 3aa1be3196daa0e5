#pragma once
// The CPU features that GCC may use: X(name for __builtin_cpu_supports, macro that -march defines).
#if defined(__x86_64__)
// clang-format off
#define EPS_ISA_FEATURES(X)                   \
    X("sse4.2", __SSE4_2__)                   \
    X("popcnt", __POPCNT__)                   \
    X("avx", __AVX__)                         \
    X("f16c", __F16C__)                       \
    X("fma", __FMA__)                         \
    X("bmi", __BMI__)                         \
    X("bmi2", __BMI2__)                       \
    X("lzcnt", __LZCNT__)                     \
    X("movbe", __MOVBE__)                     \
    X("avx2", __AVX2__)                       \
    X("avx512f", __AVX512F__)                 \
    X("avx512cd", __AVX512CD__)               \
    X("avx512dq", __AVX512DQ__)               \
    X("avx512bw", __AVX512BW__)               \
    X("avx512vl", __AVX512VL__)               \
    X("avx512ifma", __AVX512IFMA__)           \
    X("avx512vbmi", __AVX512VBMI__)           \
    X("avx512vbmi2", __AVX512VBMI2__)         \
    X("avx512vnni", __AVX512VNNI__)           \
    X("avx512bitalg", __AVX512BITALG__)       \
    X("avx512vpopcntdq", __AVX512VPOPCNTDQ__) \
    X("avx512bf16", __AVX512BF16__)           \
    X("avx512fp16", __AVX512FP16__)
// clang-format on
#else
#define EPS_ISA_FEATURES(X)
#endif
