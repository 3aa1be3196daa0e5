#pragma once
// Image data sets in the MNIST layout, and their two binarisations.
#include <cstdint>
#include <string>

#include "tensor/error.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::data {

/// Thrown if a data set is not on this computer.
class DataUnavailable : public Unavailable {
public:
    using Unavailable::Unavailable;
};

struct ImageDataset {
    Tensor images;  // u8 [N, 28, 28]
    Tensor labels;  // i64 [N], 0 to 9
    std::string name;
};

/// Reads "fashion-mnist" or "mnist", split "train" or "test", from the folder `dir` with the four
/// files of the original distribution, compressed or not. Without `dir`, Fashion-MNIST is read from
/// the Debian package dataset-fashion-mnist.
/// Throws DataUnavailable, saying what to install or pass, if the files do not exist; Error if they
/// are damaged.
ImageDataset load_images(const std::string& name, const std::string& split,
                         const std::string& dir = "");

/// The *static* binarisation: each pixel is 255 with probability pixel / 255, else 0. The result is
/// a data set of its own that depends on the seed alone. (With 255 for one, take_rows_u8_as_f32
/// gives exactly 0 and 1.) Shapes: u8 images -> u8 of the same shape.
Tensor binarise_static(const Tensor& images, std::uint64_t seed);

/// The *dynamic* binarisation: each pixel is 1 with its intensity as probability, else 0, drawn
/// anew for each batch. Results under the two binarisations are not comparable: always say which.
/// Shapes: f32 batch in [0, 1] -> f32 in {0, 1}, of the same shape.
/// Source: Burda et al. 2016.
Tensor binarise_dynamic(const Tensor& batch, Generator& generator);

}  // namespace eps::data
