#pragma once
// Where a tensor lives.
#include <cstdint>
#include <string>

namespace eps {

enum class DeviceType : std::uint8_t { cpu, cuda };

struct Device {
    DeviceType type = DeviceType::cpu;
    std::int8_t index = 0;
    bool is_cuda() const { return type == DeviceType::cuda; }
    std::string to_string() const { return is_cuda() ? "cuda:" + std::to_string(index) : "cpu"; }
    friend bool operator==(const Device&, const Device&) = default;
};

inline constexpr Device cpu{};
inline constexpr Device cuda{DeviceType::cuda, 0};

}  // namespace eps
