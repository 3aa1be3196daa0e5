#include "tensor/runtime/isa.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "tensor/runtime/isa_features.h"

namespace eps {

namespace kernels::cpu {
extern const bool compiled_features[];  // cpu/runtime/isa.cpp
}

namespace {

// The widest level all of whose features have the flag `has`.
std::string level(bool IsaFeature::*has) {
    bool avx2 = true, avx512 = true, any = false;
    for (int i = 0; isa_feature(i).name != nullptr; ++i) {
        const IsaFeature feature = isa_feature(i);
        const std::string name = feature.name;
        any = true;
        if (name == "avx2" || name == "fma") avx2 = avx2 && feature.*has;
        if (name == "avx512f" || name == "avx512dq" || name == "avx512bw" || name == "avx512vl")
            avx512 = avx512 && feature.*has;
    }
    if (!any || !avx2) return "baseline";
    return avx512 ? "AVX-512" : "AVX2";
}

#if defined(__x86_64__)
bool cpuid_bit(unsigned leaf, int which, int bit) noexcept {
    unsigned registers[4] = {};
    return __get_cpuid_count(leaf, 0, &registers[0], &registers[1], &registers[2], &registers[3]) !=
               0 &&
           (registers[which] >> bit & 1) != 0;
}
#endif

}  // namespace

IsaFeature isa_feature([[maybe_unused]] int index) noexcept {
    [[maybe_unused]] int i = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
#endif
#define EPS_FEATURE_IF(feature, available) \
    if (i++ == index) return {feature, kernels::cpu::compiled_features[i - 1], available};
#define EPS_FEATURE(feature, macro) EPS_FEATURE_IF(feature, __builtin_cpu_supports(feature) != 0)
#define EPS_FEATURE_BY_BIT(feature, macro, ...) EPS_FEATURE_IF(feature, cpuid_bit(__VA_ARGS__))
    EPS_ISA_FEATURES(EPS_FEATURE, EPS_FEATURE_BY_BIT)
    return {nullptr, false, false};
}

std::string missing_isa() {
    std::string missing;
    for (int i = 0; isa_feature(i).name != nullptr; ++i)
        if (const IsaFeature feature = isa_feature(i); feature.compiled && !feature.available)
            missing.append(missing.empty() ? "" : " ").append(feature.name);
    return missing;
}

std::string compiled_isa() { return level(&IsaFeature::compiled); }
std::string available_isa() { return level(&IsaFeature::available); }

}  // namespace eps
