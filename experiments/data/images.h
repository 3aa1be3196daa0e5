#pragma once
// Image data sets in the MNIST layout, and their two binarisations.
#include <cstdint>
#include <string>

#include "experiments/data/data_unavailable.h"
#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::data {

struct ImageDataset {
    Tensor images;  // u8 [N, 28, 28]
    Tensor labels;  // i64 [N], 0 to 9
    std::string name;
};

/// Reads "fashion-mnist" or "mnist", split "train" or "test", from the folder `dir` with the four
/// files of the original distribution, compressed or not. Without `dir`, Fashion-MNIST comes from
/// the Debian package dataset-fashion-mnist. Throws DataUnavailable, with what to install or to
/// pass, if the files are not there; Error if they are damaged.
ImageDataset load_images(const std::string& name, const std::string& split,
                         const std::string& dir = "");

/// u8 images -> u8 of the same shape, each pixel 255 with probability pixel/255, else 0: the
/// *static* binarisation, a data set of its own, which depends on the seed alone. (255 for one, so
/// that take_rows_u8_as_f32 gives exactly 0 and 1.)
Tensor binarise_static(const Tensor& images, std::uint64_t seed);

/// f32 batch in [0, 1] -> f32 in {0, 1}, each pixel 1 with probability pixel, drawn anew: the
/// *dynamic* binarisation (Burda et al. 2016). Results under the two are not comparable; always say
/// which.
Tensor binarise_dynamic(const Tensor& batch, Generator& generator);

}  // namespace eps::data
