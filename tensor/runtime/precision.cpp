#include "tensor/runtime/precision.h"

#include <array>
#include <atomic>

#include "tensor/error.h"

namespace eps {
namespace {

constexpr std::array kAll{Precision::f32, Precision::tf32, Precision::bf16, Precision::f16};
std::atomic<Precision> current{Precision::f32};

}  // namespace

const char* name_of(Precision precision) {
    constexpr std::array names{"f32", "tf32", "bf16", "f16"};
    return names[static_cast<std::size_t>(precision)];
}

const std::vector<std::string>& precision_names() {
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        for (const Precision each : kAll) all.emplace_back(name_of(each));
        return all;
    }();
    return names;
}

Precision precision_named(const std::string& name) {
    for (const Precision each : kAll)
        if (name == name_of(each)) return each;
    fail("precision", "no such precision; got '", name, "'; expected f32, tf32, bf16 or f16");
}

Precision precision() { return current.load(std::memory_order_relaxed); }
void set_precision(Precision precision) { current.store(precision, std::memory_order_relaxed); }

}  // namespace eps
