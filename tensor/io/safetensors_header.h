#pragma once
// The JSON header of a safetensors file, parsed strictly and checked against the size of the data.
// Used by safetensors.cpp only.
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tensor/io/input_file.h"

namespace eps::detail {

struct SafetensorsEntry {
    std::string name;
    DType dtype = f32;
    Shape shape;
    std::uint64_t begin = 0, end = 0;  // byte range, from the start of the data
};

struct SafetensorsHeader {
    std::vector<SafetensorsEntry> entries;  // in the order of the header
    std::map<std::string, std::string> metadata;
};

/// "F32", "F64", "F16", "BF16", "I64", "U8", "BOOL".
const char* safetensors_name(DType dtype);

/// Parses the header of a file with `data_bytes` bytes of data behind it.
/// Throws, through file.fail, on everything that the format does not allow.
SafetensorsHeader parse_safetensors_header(const InputFile& file, std::string_view json,
                                           std::uint64_t data_bytes);

/// text as a JSON string, quotes included. Throws an Error of write_safetensors on invalid UTF-8.
std::string json_string(const std::string& text);

}  // namespace eps::detail
