#include "experiments/run/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>

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

constexpr const char* kChecksum = "checksum";

using Metadata = std::map<std::string, std::string>;

// Completes a checksum of the step and the tensors, all that version 0.2 covered, by the other
// metadata.
std::string completed(Checksum sum, const Metadata& metadata) {
    for (const auto& [key, value] : metadata)
        if (key != kChecksum && key != "step") sum.add(key).add(value);
    return sum.text();
}

bool all_finite(const Tensor& x) {
    if (!is_floating(x.dtype())) return true;
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
        const auto same = [&key = name](const auto& other) { return other.first == key; };
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

std::string text_of(const SafetensorsFile& file, const std::string& key) {
    const auto entry = file.metadata.find(key);
    return entry == file.metadata.end() ? "" : entry->second;
}

std::int64_t whole(const std::string& path, const SafetensorsFile& file, const char* key) {
    check(file.metadata.contains(key), kOp, "no '", key, "' in the metadata of '", path,
          "'; expected a checkpoint of a run");
    const std::string text = text_of(file, key);
    std::int64_t value = -1;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    check(error == std::errc() && end == text.data() + text.size() && value >= 0, kOp, "'", key,
          "' is no whole number in the metadata of '", path, "'");
    return value;
}

CheckpointInfo info_of(const std::string& path, const SafetensorsFile& file) {
    return {
        .family = text_of(file, "family"),
        .version = text_of(file, "version"),
        .step = whole(path, file, "step"),
        .parameters = file.metadata.contains("parameters") ? whole(path, file, "parameters") : 0,
        .ended = text_of(file, "ended") != "false",
        .note = file.metadata.contains(kChecksum)
                    ? ""
                    : str("'", path, "' has no checksum, so that damage to it goes unnoticed")};
}

// Reads the tensors, one after the other, and passes them on. Checks them when all are read.
template <class Use>
void read_tensors(const std::string& path, const SafetensorsFile& file, const Use& use) {
    Checksum sum;
    sum.add(text_of(file, "step"));
    std::string not_finite;
    for (std::size_t i = 0; i < file.size(); ++i) {
        const std::string name = file.entry(i).name;
        const Tensor x = file.at(name);
        sum.add(name).add(x);
        if (not_finite.empty() && !all_finite(x)) not_finite = name;
        use(name, x);
    }
    const std::string stored = text_of(file, kChecksum);
    check(!file.metadata.contains(kChecksum) || stored == completed(sum, file.metadata) ||
              stored == sum.text(),
          kOp, "damaged: the checksum does not match the data in '", path, "'");
    check(not_finite.empty(), kOp, "'", not_finite, "' is not finite in '", path,
          "'; expected finite numbers, as training saves them");
}

}  // namespace

void save_checkpoint(const std::string& path, const std::string& family, const Task& task,
                     std::int64_t step, bool ended) {
    const NamedTensors state = task.state();
    for (const auto& [name, x] : state)
        check(all_finite(x), kOp, "'", name, "' is not finite after step ", step,
              "; nothing was saved to '", path, "'");
    Metadata metadata{{"family", family},
                      {"step", std::to_string(step)},
                      {"parameters", std::to_string(task.parameter_count())},
                      {"version", EPS_VERSION},
                      {"ended", ended ? "true" : "false"}};
    metadata[kChecksum] = completed(Checksum().add(metadata["step"]).add(state), metadata);
    write_safetensors(path, state, metadata);
}

CheckpointInfo load_checkpoint(const std::string& path, const std::string& family, Task& task) {
    const SafetensorsFile file = read_safetensors(path);
    CheckpointInfo info = info_of(path, file);
    NamedTensors found;
    read_tensors(path, file,
                 [&](const std::string& name, const Tensor& x) { found.emplace_back(name, x); });
    check(info.family == family, kOp, "another family's state in '", path, "'; got '", info.family,
          "'; expected ", family);
    check_state(path, task.state(), found);
    task.load_state(found);
    return info;
}

CheckpointInfo checkpoint_info(const std::string& path) {
    const SafetensorsFile file = read_safetensors(path);
    CheckpointInfo info = info_of(path, file);
    read_tensors(path, file, [](const std::string&, const Tensor&) {});
    return info;
}

std::string checkpoint_family(const std::string& path) {
    return text_of(read_safetensors(path), "family");
}

}  // namespace eps::models
