#include "autograd/ops/image/upsample.h"

#include <cmath>

#include "autograd/ops/image/image.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/resize.h"
#include "autograd/ops/shape/shape.h"

namespace eps {

// In the order of memory B H W C, so that whole runs of channels are copied.
Tensor upsample_nearest(const Tensor& x, std::int64_t scale) {
    check_image("upsample_nearest", x, 4);
    check(scale >= 1, "upsample_nearest", "the scale must be at least 1; got ", scale);
    const std::int64_t b = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    const Tensor pixels = reshape(permute(x, {0, 2, 3, 1}), {b, h, 1, w, 1, c});
    const Tensor squares =
        reshape(expand(pixels, {b, h, scale, w, scale, c}), {b, h * scale, w * scale, c});
    return permute(squares, {0, 3, 1, 2});
}

namespace {

ResizeOptions resize_options(const InterpolateOptions& o) {
    ResizeOptions r;
    r.antialias = o.antialias;
    switch (o.mode) {
        case Interpolation::nearest:
            return {.filter = Filter::nearest,
                    .coordinates = Coordinates::asymmetric,
                    .rounding = Rounding::floor};
        case Interpolation::nearest_exact:
            return {.filter = Filter::nearest,
                    .coordinates = Coordinates::tf_half_pixel_for_nn,
                    .rounding = Rounding::floor};
        case Interpolation::linear: r.filter = Filter::linear; break;
        case Interpolation::cubic: r.filter = Filter::cubic; break;
    }
    if (o.align_corners) r.coordinates = Coordinates::align_corners;
    if (o.antialias) r.cubic = -0.5;
    return r;
}

void check_interpolation(const Tensor& x, const InterpolateOptions& o) {
    const char* const op = "interpolate";
    check(x.defined(), op, "the tensor is undefined");
    check(x.rank() >= 3, op, "needs an image [B, C, H, W], or a signal [B, C, L]; got ",
          describe(x));
    const std::size_t spatial = static_cast<std::size_t>(x.rank()) - 2,
                      sizes = static_cast<std::size_t>(o.size.rank()),
                      scales = o.scale_factor.size();
    check(scales == 0 ? sizes == spatial : sizes == 0 && (scales == 1 || scales == spatial), op,
          "needs either a size or a scale_factor for each dimension; got ", sizes, " and ", scales,
          "; expected ", spatial, " of one for ", x.shape());
    for (double scale : o.scale_factor)
        check(scale >= 1e-9 && scale <= 1e9, op,
              "a scale_factor must be positive, 1e-9 to 1e9; got ", scale);
    check(!(o.align_corners && o.antialias), op, "align_corners and antialias do not go together");
    check(o.mode >= Interpolation::linear || (!o.align_corners && !o.antialias), op,
          "align_corners and antialias are for linear and cubic");
}

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateOptions& options) {
    check_interpolation(x, options);
    ResizeOptions resize = resize_options(options);
    Tensor y = x;
    for (int d = 2; d < x.rank(); ++d) {
        const auto at = static_cast<std::size_t>(d) - 2;
        if (!options.scale_factor.empty())
            resize.scale = options.scale_factor[options.scale_factor.size() > 1 ? at : 0];
        const auto inputs = static_cast<double>(x.size(d));
        const double outputs = options.scale_factor.empty()
                                   ? static_cast<double>(options.size[d - 2])
                                   : std::floor(inputs * resize.scale);
        check(inputs >= 1 && outputs >= 1 && outputs < 0x1p31, "interpolate",
              "an extent is not positive, or beyond 2^31; got ", x.shape(), " with ", inputs,
              " resized to ", outputs);
        y = resample(y, d, resize_matrix(x.size(d), static_cast<std::int64_t>(outputs), resize),
                     "interpolate");
    }
    return y;
}

}  // namespace eps
