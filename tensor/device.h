#pragma once
// Devices: the CPU and CUDA GPUs.
#include <cstdint>
#include <string>

#include "tensor/error.h"

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

/// Thrown if this machine lacks the device asked for.
class DeviceUnavailable : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// Whether text is "auto", "cpu", "cuda" (the first GPU) or "cuda:N".
bool is_device_name(const std::string& text);
/// The device of that name. "auto" is the first GPU, or the CPU if there is none.
/// Throws DeviceUnavailable, saying why, if the device does not exist.
Device device_named(const std::string& text);
/// Throws DeviceUnavailable unless the device exists.
void check_device(Device device);

}  // namespace eps
