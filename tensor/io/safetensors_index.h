#pragma once
// What the header of a safetensors file says about each tensor, packed: a header of 10 MB lists
// 190,000 of them.
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/io/stored_elements.h"

namespace eps::detail {

/// An element type of the format.
struct SafetensorsType {
    const char* name;  // "F32"
    int bits;
    std::optional<StoredElement> element;  // none: a type that this library lacks
};

/// The type of that name; nullptr if the format has none.
const SafetensorsType* safetensors_type(std::string_view name);
const SafetensorsType& safetensors_type(DType dtype);

/// One tensor of a header.
struct SafetensorsEntry {
    std::string_view name;
    const SafetensorsType* type = nullptr;
    Shape shape;
    bool too_many_dimensions = false;  // then shape holds the first kMaxRank
    std::uint64_t begin = 0, end = 0;  // byte range, from the start of the data
};

/// Entries in the order of the header, and the positions of their names.
class SafetensorsIndex {
public:
    /// Prepares for a header of so many bytes, so that nothing moves while entries are added. What
    /// they do not use is never touched, and takes no memory.
    void reserve(std::uint64_t header_bytes);
    void add(const SafetensorsEntry& entry);
    std::size_t size() const { return places_.size(); }
    /// The name stays valid as long as the index lives and no entry is added.
    SafetensorsEntry operator[](std::size_t i) const { return entry_at(places_[i]); }

    /// Makes find() possible. Returns a name that occurs twice, if there is one.
    std::optional<std::string_view> sort_names();
    std::optional<std::size_t> find(std::string_view name) const;

private:
    SafetensorsEntry entry_at(std::size_t place) const;
    std::string_view name_at(std::size_t place) const;
    void put(std::uint64_t number);
    std::uint64_t get(std::size_t& place) const;

    std::string packed_;
    std::vector<std::uint32_t> places_;   // where each entry begins in packed_
    std::vector<std::uint32_t> by_name_;  // entries, sorted by their names
};

}  // namespace eps::detail
