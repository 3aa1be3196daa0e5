#pragma once
// Pictures: PNG files from tensors and back.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::cli {

inline constexpr std::int64_t kLargestSide = 32768;  // pixels, written or read

/// Writes [H, W] (gray) or [H, W, 3] (RGB) as an 8-bit PNG, atomically. u8 is written as it is; f32
/// and f64 are intensities, clamped to [0, 1] and written as round(255 x). Each pixel becomes a
/// square of scale x scale. Throws, naming the file, on other shapes, on NaN and on empty pictures.
void write_png(const std::string& path, const Tensor& picture, int scale = 1);
/// The bytes of that file; `path` is for error messages only.
std::vector<std::byte> encode_png(const std::string& path, const Tensor& picture, int scale = 1);

/// Reads a PNG without transparency: u8 [H, W] if it is gray, u8 [H, W, 3] if it has colours.
/// Memory is taken once it is known that the whole picture is there.
/// Throws, naming the file, if it is damaged, larger than kLargestSide, or if its size is more than
/// most_unpacked() allows (tensor/io/input_file.h).
Tensor read_png(const std::string& path);
/// The same from bytes; `path` is for error messages only.
Tensor decode_png(const std::string& path, std::vector<std::byte> bytes);

}  // namespace eps::cli
