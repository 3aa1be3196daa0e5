#pragma once
// The JSON header of a safetensors file, parsed strictly and checked against the size of the data.
// Used by safetensors.cpp only.
#include <cstdint>
#include <map>
#include <string>

#include "tensor/io/input_file.h"
#include "tensor/io/safetensors_index.h"

namespace eps::detail {

struct SafetensorsHeader {
    SafetensorsIndex index;  // the tensors, in the order of the header
    std::map<std::string, std::string> metadata;
    std::uint64_t data_offset = 0;  // where the data begin in the file
};

/// Reads the header. It takes less memory than the file, and time in proportion to its length.
/// Throws, through file.fail, on everything that the format does not allow.
SafetensorsHeader read_safetensors_header(const InputFile& file);

}  // namespace eps::detail
