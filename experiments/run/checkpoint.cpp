#include "experiments/run/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "experiments/run/checksum.h"
#include "tensor/config.h"
#include "tensor/io/safetensors.h"

namespace eps::models {
namespace {

constexpr const char* kOp = "checkpoint";

Tensor on_host(const Tensor& x) {
    const NoGrad guard;
    return contiguous(to(x, cpu));
}

// Covers the step and the names, types and elements of the tensors.
std::string checksum(const std::string& step, const NamedTensors& state) {
    return Checksum().add(step).add(state).text();
}

bool all_finite(const Tensor& x) {
    const Tensor host = on_host(x);
    return visit(host.dtype(), [&]<class T>() {
        const T* first = host.data<T>();
        return std::all_of(first, first + host.numel(),
                           [](T v) { return std::isfinite(convert<double>(v)); });
    });
}

std::string joined(const NamedTensors& tensors, const NamedTensors& without) {
    constexpr std::size_t shown = 5;
    std::string text;
    std::size_t count = 0;
    for (const auto& [name, x] : tensors) {
        const auto same = [&](const auto& other) { return other.first == name; };
        if (std::any_of(without.begin(), without.end(), same) || ++count > shown) continue;
        text += (text.empty() ? "" : ", ") + name;
    }
    return count > shown ? str(text, " and ", count - shown, " more") : text;
}

void check_state(const std::string& path, const NamedTensors& expected, const NamedTensors& found) {
    const std::string missing = joined(expected, found), unknown = joined(found, expected);
    check(missing.empty(), kOp, "tensors are missing in '", path, "': ", missing);
    check(unknown.empty(), kOp, "unknown tensors in '", path, "': ", unknown);
    for (const auto& [name, x] : expected) {
        const auto same = [&, &n = name](const auto& other) { return other.first == n; };
        const Tensor& y = std::find_if(found.begin(), found.end(), same)->second;
        check(x.shape() == y.shape() && x.dtype() == y.dtype(), kOp, "'", name,
              "' does not fit in '", path, "'; got ", describe(y), "; expected ", describe(x));
    }
}

std::int64_t whole(const std::string& path, const SafetensorsFile& file, const char* key) {
    const auto entry = file.metadata.find(key);
    check(entry != file.metadata.end(), kOp, "no '", key, "' in the metadata of '", path,
          "'; expected a checkpoint of a run");
    const std::string& text = entry->second;
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    check(error == std::errc() && end == text.data() + text.size() && value >= 0, kOp, "'", key,
          "' is no whole number in the metadata of '", path, "'");
    return value;
}

std::string text_of(const SafetensorsFile& file, const char* key) {
    const auto entry = file.metadata.find(key);
    return entry == file.metadata.end() ? "" : entry->second;
}

}  // namespace

void save_checkpoint(const std::string& path, const std::string& family, const Task& task,
                     std::int64_t step) {
    const NamedTensors state = task.state();
    for (const auto& [name, x] : state)
        check(all_finite(x), kOp, "'", name, "' is not finite after step ", step,
              "; nothing was saved to '", path, "'");
    const std::string at = std::to_string(step);
    write_safetensors(path, state,
                      {{"family", family},
                       {"step", at},
                       {"parameters", std::to_string(task.parameter_count())},
                       {"version", EPS_VERSION},
                       {"checksum", checksum(at, state)}});
}

std::int64_t load_checkpoint(const std::string& path, const std::string& family, Task& task) {
    const SafetensorsFile file = read_safetensors(path);
    const std::int64_t step = whole(path, file, "step");
    const NamedTensors found = file.tensors();
    const std::string stored = text_of(file, "checksum");
    check(stored.empty() || stored == checksum(std::to_string(step), found), kOp,
          "damaged: the checksum does not match the data in '", path, "'");
    check(text_of(file, "family") == family, kOp, "another family's state in '", path, "'; got '",
          text_of(file, "family"), "'; expected ", family);
    check_state(path, task.state(), found);
    task.load_state(found);
    return step;
}

CheckpointInfo checkpoint_info(const std::string& path) {
    const SafetensorsFile file = read_safetensors(path);
    return {text_of(file, "family"), text_of(file, "version"), whole(path, file, "step"),
            whole(path, file, "parameters")};
}

}  // namespace eps::models
