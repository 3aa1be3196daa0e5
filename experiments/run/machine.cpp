#include "experiments/run/machine.h"

namespace eps::models {

std::vector<Option> machine_options() {
    Option device{"device",
                  std::string("auto"),
                  "where to compute; auto: on a GPU if there is one",
                  {"auto", "cpu", "cuda", "cuda:N"}};
    device.accepts = is_device_name;
    return {
        device,
        {"precision", std::string("f32"), "of the products of f32 on a GPU", precision_names()}};
}

Device device_of(const Config& config) { return device_named(config.text("device")); }

Precision precision_of(const Config& config) {
    const Precision precision = precision_named(config.text("precision"));
    const Device device = device_of(config);
    check(precision == Precision::f32 || device.is_cuda(), "config", "--precision ",
          name_of(precision), " is for GPUs; got --device ", config.text("device"), ", which is ",
          device, " here; expected --precision f32");
    return precision;
}

nn::GradScalerOptions loss_scaling_of(const Config& config) {
    return {.enabled = precision_of(config) == Precision::f16};
}

}  // namespace eps::models
