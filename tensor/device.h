#pragma once
// Where a tensor lives.
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

/// A device that was asked for is not in this machine.
class DeviceUnavailable : public Unavailable {
public:
    using Unavailable::Unavailable;
};

/// "cpu", "cuda" (the first), "cuda:1"; is it one of these, or "auto"?
bool is_device_name(const std::string& text);
/// The device of that name; "auto" is the first GPU where there is one, else the CPU. Throws
/// DeviceUnavailable, saying why, where it is not there.
Device device_named(const std::string& text);
/// Throws DeviceUnavailable unless the device is there.
void check_device(Device device);

}  // namespace eps
