#include "tensor/io/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <set>
#include <utility>

#include "tensor/io/atomic_file.h"
#include "tensor/io/input_file.h"
#include "tensor/io/json_scanner.h"
#include "tensor/io/safetensors_header.h"
#include "tensor/names.h"

namespace eps {
namespace {

constexpr const char* kRead = "read_safetensors";
constexpr const char* kWrite = "write_safetensors";

// The order of the tensors in the data: by descending element size, otherwise as given.
std::vector<std::size_t> data_order(const NamedTensors& tensors) {
    std::vector<std::size_t> order(tensors.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return size_of(tensors[a].second.dtype()) > size_of(tensors[b].second.dtype());
    });
    return order;
}

std::uint64_t bytes_of(const Tensor& x) {
    return static_cast<std::uint64_t>(x.numel()) * size_of(x.dtype());
}

std::string header_json(const NamedTensors& tensors, const std::vector<std::size_t>& order,
                        const std::map<std::string, std::string>& metadata) {
    std::vector<std::uint64_t> begin(tensors.size());
    std::uint64_t at = 0;
    for (const std::size_t i : order) {
        begin[i] = at;
        at += bytes_of(tensors[i].second);
    }
    std::string json = "{", separator;
    if (!metadata.empty()) {
        for (const auto& [key, value] : metadata) {
            json += separator.empty() ? "\"__metadata__\":{" : ",";
            json += detail::json_string(key, kWrite) + ":" + detail::json_string(value, kWrite);
            separator = ",";
        }
        json += "}";
    }
    for (std::size_t i = 0; i < tensors.size(); ++i, separator = ",") {
        const auto& [name, x] = tensors[i];
        std::string shape;
        for (const std::int64_t extent : x.shape()) shape += str(shape.empty() ? "" : ",", extent);
        json += str(separator, detail::json_string(name, kWrite), ":{\"dtype\":\"",
                    detail::safetensors_type(x.dtype()).name, "\",\"shape\":[", shape,
                    "],\"data_offsets\":[", begin[i], ",", begin[i] + bytes_of(x), "]}");
    }
    json += "}";
    return json.append((8 - json.size() % 8) % 8, ' ');
}

void check_names(const std::string& path, const NamedTensors& tensors) {
    std::set<std::string_view> names;
    for (const auto& [name, x] : tensors) {
        check(x.defined(), kWrite, "tensor '", name, "' for '", path, "' is undefined");
        check(name != "__metadata__", kWrite,
              "the name '__metadata__' is reserved by the format; for '", path, "'");
        check(names.insert(name).second, kWrite, "the name '", name, "' is given twice for '", path,
              "'");
    }
}

}  // namespace

struct SafetensorsFile::Contents {
    explicit Contents(const std::string& path)
        : file(path, kRead), header(detail::read_safetensors_header(file)) {}
    InputFile file;
    detail::SafetensorsHeader header;
};

std::size_t SafetensorsFile::size() const { return contents_ ? contents_->header.index.size() : 0; }

SafetensorsFile::Entry SafetensorsFile::entry(std::size_t i) const {
    check(i < size(), "safetensors", "no tensor ", i, "; expected less than ", size());
    const detail::SafetensorsEntry entry = contents_->header.index[i];
    return {std::string(entry.name), entry.type->name,
            entry.type->element ? std::optional(entry.type->element->dtype) : std::nullopt,
            entry.shape};
}

bool SafetensorsFile::contains(const std::string& name) const {
    return contents_ && contents_->header.index.find(name);
}

Tensor SafetensorsFile::read(std::size_t i) const {
    const detail::SafetensorsEntry entry = contents_->header.index[i];
    const InputFile& file = contents_->file;
    if (entry.too_many_dimensions)
        file.fail(str("more than ", kMaxRank, " dimensions of tensor '", entry.name, "'"));
    if (!entry.type->element)
        file.fail(str("unsupported dtype '", entry.type->name, "' of tensor '", entry.name, "'"),
                  "; expected floating-point numbers of 16, 32 or 64 bits, integers or BOOL");
    return read_tensor(file, contents_->header.data_offset + entry.begin, entry.shape,
                       *entry.type->element);
}

Tensor SafetensorsFile::at(const std::string& name) const {
    constexpr std::size_t kMostNames = 100;
    if (contents_)
        if (const auto i = contents_->header.index.find(name)) return read(*i);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < std::min(size(), kMostNames); ++i) names.push_back(entry(i).name);
    if (size() > kMostNames) names.push_back("...");
    fail("safetensors", "no tensor '", name,
         "'; expected one of: ", names.empty() ? "none" : listed(names));
}

NamedTensors SafetensorsFile::tensors(Unreadable unreadable) const {
    NamedTensors tensors;
    for (std::size_t i = 0; i < size(); ++i) {
        const detail::SafetensorsEntry entry = contents_->header.index[i];
        const bool readable = entry.type->element && !entry.too_many_dimensions;
        if (readable || unreadable == Unreadable::refuse) tensors.emplace_back(entry.name, read(i));
    }
    return tensors;
}

SafetensorsFile read_safetensors(const std::string& path) {
    auto contents = std::make_shared<SafetensorsFile::Contents>(path);
    SafetensorsFile file;
    file.metadata = std::move(contents->header.metadata);
    file.contents_ = std::move(contents);
    return file;
}

void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
    check_names(path, tensors);
    const std::vector<std::size_t> order = data_order(tensors);
    const std::string json = header_json(tensors, order, metadata);
    std::array<std::byte, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i)
        length[i] = static_cast<std::byte>(json.size() >> (8 * i));
    AtomicFile file(path, kWrite);
    file.write(length);
    file.write(json);
    for (const std::size_t i : order) {
        const HostBytes data = host_bytes(tensors[i].second);
        file.write(data.bytes);
    }
    file.commit();
}

}  // namespace eps
