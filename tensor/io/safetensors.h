#pragma once
// safetensors: named tensors in one file (https://github.com/huggingface/safetensors#format).
//
//     u64 n, little endian
//     n bytes of JSON: {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
//     data
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

struct SafetensorsFile {
    NamedTensors tensors;  // in the order of the header
    std::map<std::string, std::string> metadata;

    bool contains(const std::string& name) const;
    /// The tensor of that name. Throws, listing the names, if there is none.
    const Tensor& at(const std::string& name) const;
};

/// Reads F32, F64, F16, BF16, I64, U8 and BOOL.
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
