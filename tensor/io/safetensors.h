#pragma once
// safetensors: named tensors in one file (https://github.com/huggingface/safetensors#format).
//
//     u64 n, little endian
//     n bytes of JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
//     data
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

/// A file whose header has been read and checked. The data of a tensor are read when it is asked
/// for, so a file costs less memory than it has bytes, whatever its header claims. The file stays
/// open: one that is replaced meanwhile is still read as it was.
class SafetensorsFile {
public:
    /// What the header says about a tensor.
    struct Entry {
        std::string name;
        std::string type;            // in the format's words: "F32", "F8_E4M3"
        std::optional<DType> dtype;  // of the tensor that is read; none if this library lacks it
        Shape shape;
    };

    SafetensorsFile() = default;  // no tensors

    std::map<std::string, std::string> metadata;

    std::size_t size() const;
    /// Tensor i in the order of the header.
    Entry entry(std::size_t i) const;
    bool contains(const std::string& name) const;

    /// Reads one tensor. BOOL, U8, I64, F16, BF16, F32 and F64 keep their type; I8, I16, I32, U16,
    /// U32 and U64 become i64.
    /// Throws: listing the names, if there is none of that name; naming it, if this library lacks
    /// its type (F8, F6, F4, C64) or it has more than eight dimensions.
    Tensor at(const std::string& name) const;

    /// What tensors() does with tensors that at() cannot read.
    enum class Unreadable { refuse, skip };
    /// Reads all tensors, in the order of the header.
    NamedTensors tensors(Unreadable unreadable = Unreadable::refuse) const;

private:
    friend SafetensorsFile read_safetensors(const std::string& path);
    struct Contents;
    Tensor read(std::size_t i) const;
    std::shared_ptr<const Contents> contents_;
};

/// Throws, naming file and tensor, unless everything that the format promises holds: the header
/// lies within the file and is strict JSON without duplicate keys, the offsets cover the data
/// without hole or overlap, and sizes equal dtype * shape.
SafetensorsFile read_safetensors(const std::string& path);

/// Writes the file atomically. The same arguments give the same bytes: the header keeps the given
/// order, and the data are sorted by descending element size, so that all are aligned.
/// Throws on a repeated name, on the reserved name "__metadata__" and on invalid UTF-8.
void write_safetensors(const std::string& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata = {});

}  // namespace eps
