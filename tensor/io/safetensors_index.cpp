#include "tensor/io/safetensors_index.h"

#include <algorithm>
#include <array>
#include <numeric>

namespace eps::detail {
namespace {

// https://github.com/huggingface/safetensors/blob/main/safetensors/src/tensor.rs, enum Dtype
const std::array kTypes{
    SafetensorsType{"BOOL", 8, stored(boolean)},
    SafetensorsType{"F4", 4, {}},
    SafetensorsType{"F6_E2M3", 6, {}},
    SafetensorsType{"F6_E3M2", 6, {}},
    SafetensorsType{"U8", 8, stored(u8)},
    SafetensorsType{"I8", 8, signed_integer(1)},
    SafetensorsType{"F8_E5M2", 8, {}},
    SafetensorsType{"F8_E4M3", 8, {}},
    SafetensorsType{"F8_E8M0", 8, {}},
    SafetensorsType{"F8_E4M3FNUZ", 8, {}},
    SafetensorsType{"F8_E5M2FNUZ", 8, {}},
    SafetensorsType{"I16", 16, signed_integer(2)},
    SafetensorsType{"U16", 16, unsigned_integer(2)},
    SafetensorsType{"F16", 16, stored(f16)},
    SafetensorsType{"BF16", 16, stored(bf16)},
    SafetensorsType{"I32", 32, signed_integer(4)},
    SafetensorsType{"U32", 32, unsigned_integer(4)},
    SafetensorsType{"F32", 32, stored(f32)},
    SafetensorsType{"C64", 64, {}},
    SafetensorsType{"F64", 64, stored(f64)},
    SafetensorsType{"I64", 64, stored(i64)},
    SafetensorsType{"U64", 64, unsigned_integer(8)},
};

}  // namespace

const SafetensorsType* safetensors_type(std::string_view name) {
    const auto found = std::find_if(kTypes.begin(), kTypes.end(),
                                    [&](const SafetensorsType& type) { return name == type.name; });
    return found == kTypes.end() ? nullptr : &*found;
}

const SafetensorsType& safetensors_type(DType dtype) {
    return *std::find_if(kTypes.begin(), kTypes.end(), [&](const SafetensorsType& type) {
        return type.element && type.element->dtype == dtype &&
               type.element->integer == StoredElement::Integer::kept;
    });
}

void SafetensorsIndex::reserve(std::uint64_t header_bytes) {
    constexpr std::string_view kShortest = R"("":{"dtype":"F4","shape":[],"data_offsets":[0,0]},)";
    packed_.reserve(static_cast<std::size_t>(header_bytes));
    places_.reserve(static_cast<std::size_t>(header_bytes / kShortest.size() + 1));
}

// Seven bits a byte, the low ones first; the highest bit says that more follow. A number takes no
// more bytes than it has decimal digits, so an entry is always shorter than its JSON.
void SafetensorsIndex::put(std::uint64_t number) {
    for (; number >= 0x80; number >>= 7)
        packed_.push_back(static_cast<char>(0x80 | (number & 0x7f)));
    packed_.push_back(static_cast<char>(number));
}

std::uint64_t SafetensorsIndex::get(std::size_t& place) const {
    std::uint64_t number = 0;
    for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(packed_[place++]);
        number |= std::uint64_t{byte & 0x7fu} << shift;
        if (byte < 0x80) return number;
    }
}

void SafetensorsIndex::add(const SafetensorsEntry& entry) {
    places_.push_back(static_cast<std::uint32_t>(packed_.size()));
    put(entry.name.size());
    packed_.append(entry.name);
    put(static_cast<std::uint64_t>(entry.type - kTypes.data()));
    put(static_cast<std::uint64_t>(entry.shape.rank()) + (entry.too_many_dimensions ? 1 : 0));
    for (const std::int64_t extent : entry.shape) put(static_cast<std::uint64_t>(extent));
    put(entry.begin);
    put(entry.end);
}

std::string_view SafetensorsIndex::name_at(std::size_t place) const {
    const std::uint64_t length = get(place);
    return std::string_view(packed_).substr(place, static_cast<std::size_t>(length));
}

SafetensorsEntry SafetensorsIndex::entry_at(std::size_t place) const {
    SafetensorsEntry entry;
    entry.name = name_at(place);
    place = static_cast<std::size_t>(entry.name.data() + entry.name.size() - packed_.data());
    entry.type = &kTypes[static_cast<std::size_t>(get(place))];
    const auto rank = static_cast<int>(get(place));
    entry.too_many_dimensions = rank > kMaxRank;
    for (int d = 0; d < std::min(rank, kMaxRank); ++d)
        entry.shape.push_back(static_cast<std::int64_t>(get(place)));
    entry.begin = get(place);
    entry.end = get(place);
    return entry;
}

std::optional<std::string_view> SafetensorsIndex::sort_names() {
    by_name_.resize(size());
    std::iota(by_name_.begin(), by_name_.end(), 0u);
    const auto name = [this](std::uint32_t i) { return name_at(places_[i]); };
    std::sort(by_name_.begin(), by_name_.end(),
              [&](std::uint32_t a, std::uint32_t b) { return name(a) < name(b); });
    const auto twice =
        std::adjacent_find(by_name_.begin(), by_name_.end(),
                           [&](std::uint32_t a, std::uint32_t b) { return name(a) == name(b); });
    if (twice == by_name_.end()) return std::nullopt;
    return name(*twice);
}

std::optional<std::size_t> SafetensorsIndex::find(std::string_view name) const {
    const auto at = std::lower_bound(
        by_name_.begin(), by_name_.end(), name,
        [this](std::uint32_t i, std::string_view wanted) { return name_at(places_[i]) < wanted; });
    if (at == by_name_.end() || name_at(places_[*at]) != name) return std::nullopt;
    return *at;
}

}  // namespace eps::detail
