#pragma once
// The CPU features that the compiler may use: X(name for __builtin_cpu_supports, macro that -march
// defines), and Y(name, macro, leaf of CPUID, register, bit) for those that Clang's does not know.
// Registers count from 0: eax, ebx, ecx, edx.
#if defined(__x86_64__)
// clang-format off
#define EPS_ISA_FEATURES(X, Y)                \
    X("sse4.2", __SSE4_2__)                   \
    X("popcnt", __POPCNT__)                   \
    X("avx", __AVX__)                         \
    Y("f16c", __F16C__, 1, 2, 29)             \
    X("fma", __FMA__)                         \
    X("bmi", __BMI__)                         \
    X("bmi2", __BMI2__)                       \
    Y("lzcnt", __LZCNT__, 0x80000001, 2, 5)   \
    Y("movbe", __MOVBE__, 1, 2, 22)           \
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
    Y("avx512fp16", __AVX512FP16__, 7, 3, 23)
// clang-format on
#else
#define EPS_ISA_FEATURES(X, Y)
#endif
