#include "tensor/device.h"

#include <charconv>

#include "tensor/contract/kernels.h"

namespace eps {
namespace {

constexpr int kMaxIndex = 127;  // limit of Device::index

// "cuda:N" gives N, "cuda" 0, and everything else -1.
int cuda_index(const std::string& text) {
    if (text == "cuda") return 0;
    const std::string prefix = "cuda:";
    if (!text.starts_with(prefix)) return -1;
    int index = -1;
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + prefix.size(), end, index);
    return error == std::errc() && stop == end && index <= kMaxIndex ? index : -1;
}

}  // namespace

bool is_device_name(const std::string& text) {
    return text == "auto" || text == "cpu" || cuda_index(text) >= 0;
}

Device device_named(const std::string& text) {
    check(is_device_name(text), "device", "no such device; got '", text,
          "'; expected auto, cpu, cuda or cuda:N");
    if (text == "auto") return kernels::cuda::device_count() > 0 ? cuda : cpu;
    if (text == "cpu") return cpu;
    const Device device{DeviceType::cuda, static_cast<std::int8_t>(cuda_index(text))};
    check_device(device);
    return device;
}

void check_device(Device device) {
    if (!device.is_cuda()) return;
    const int count = kernels::cuda::device_count();
    if (device.index >= 0 && device.index < count) return;
    if (count == 0)
        throw DeviceUnavailable(
            "device",
            str(device, " is not there: ", kernels::cuda::device_summary(), "; hint: cpu"));
    throw DeviceUnavailable("device",
                            str(device, " does not exist; expected ",
                                count == 1 ? "cuda:0" : str("cuda:0 to cuda:", count - 1)));
}

}  // namespace eps
