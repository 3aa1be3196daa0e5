#include "tensor/io/safetensors.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>
#include <set>

#include "tensor/io/atomic_file.h"
#include "tensor/io/input_file.h"
#include "tensor/io/safetensors_header.h"
#include "tensor/names.h"

namespace eps {
namespace {

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit

std::string read_json(const InputFile& file) {
    std::array<std::byte, 8> start{};
    if (file.size() < start.size())
        file.fail(str("too short: ", file.size(), " bytes"), "; expected a safetensors file");
    file.read(0, start);
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < start.size(); ++i)
        length |= std::to_integer<std::uint64_t>(start[i]) << (8 * i);
    if (length > file.size() - start.size() || length > kMaxHeaderBytes)
        file.fail(
            str("header of ", length, " bytes"),
            str("; the file has ", file.size(), " bytes, and a header at most ", kMaxHeaderBytes));
    std::string json(static_cast<std::size_t>(length), '\0');
    file.read(start.size(), std::as_writable_bytes(std::span(json)));
    if (!json.starts_with('{')) file.fail("the header does not begin with '{'");
    return json;
}

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
            json += detail::json_string(key) + ":" + detail::json_string(value);
            separator = ",";
        }
        json += "}";
    }
    for (std::size_t i = 0; i < tensors.size(); ++i, separator = ",") {
        const auto& [name, x] = tensors[i];
        std::string shape;
        for (const std::int64_t extent : x.shape()) shape += str(shape.empty() ? "" : ",", extent);
        json += str(separator, detail::json_string(name), ":{\"dtype\":\"",
                    detail::safetensors_name(x.dtype()), "\",\"shape\":[", shape,
                    "],\"data_offsets\":[", begin[i], ",", begin[i] + bytes_of(x), "]}");
    }
    json += "}";
    return json.append((8 - json.size() % 8) % 8, ' ');
}

void check_names(const std::string& path, const NamedTensors& tensors) {
    std::set<std::string_view> names;
    for (const auto& [name, x] : tensors) {
        check(x.defined(), "write_safetensors", "tensor '", name, "' for '", path,
              "' is undefined");
        check(name != "__metadata__", "write_safetensors",
              "the name '__metadata__' is reserved by the format; for '", path, "'");
        check(names.insert(name).second, "write_safetensors", "the name '", name,
              "' is given twice for '", path, "'");
    }
}

}  // namespace

bool SafetensorsFile::contains(const std::string& name) const {
    return std::any_of(tensors.begin(), tensors.end(),
                       [&](const auto& named) { return named.first == name; });
}

const Tensor& SafetensorsFile::at(const std::string& name) const {
    for (const auto& [n, x] : tensors)
        if (n == name) return x;
    std::vector<std::string> names;
    for (const auto& named : tensors) names.push_back(named.first);
    fail("safetensors", "no tensor '", name,
         "'; expected one of: ", names.empty() ? "none" : listed(names));
}

SafetensorsFile read_safetensors(const std::string& path) {
    const InputFile file(path, "read_safetensors");
    const std::string json = read_json(file);
    const std::uint64_t data_offset = 8 + json.size();
    detail::SafetensorsHeader header =
        detail::parse_safetensors_header(file, json, file.size() - data_offset);
    SafetensorsFile out;
    out.metadata = std::move(header.metadata);
    for (auto& e : header.entries) {
        Tensor x = read_tensor(file, data_offset + e.begin, e.shape, e.dtype);
        out.tensors.emplace_back(std::move(e.name), std::move(x));
    }
    return out;
}

void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
    check_names(path, tensors);
    const std::vector<std::size_t> order = data_order(tensors);
    const std::string json = header_json(tensors, order, metadata);
    std::array<std::byte, 8> length{};
    for (std::size_t i = 0; i < length.size(); ++i)
        length[i] = static_cast<std::byte>(json.size() >> (8 * i));
    AtomicFile file(path, "write_safetensors");
    file.write(length);
    file.write(json);
    for (const std::size_t i : order) {
        const HostBytes data = host_bytes(tensors[i].second);
        file.write(data.bytes);
    }
    file.commit();
}

}  // namespace eps
