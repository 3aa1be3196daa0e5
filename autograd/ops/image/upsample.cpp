#include "autograd/ops/image/upsample.h"

#include <cmath>

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/image/resize.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/extent.h"

namespace eps {

// In the order of memory B H W C, so that all channels of a pixel are copied at once.
Tensor upsample_nearest(const Tensor& x, std::int64_t scale) {
    const Checker check("upsample_nearest");
    check_image(check, x, 4);
    check(scale >= 1, "the scale must be at least 1; got ", scale);
    const std::int64_t b = x.size(0), c = x.size(1), h = x.size(2), w = x.size(3);
    const Tensor pixels = reshape(permute(x, {0, 2, 3, 1}), {b, h, 1, w, 1, c});
    const std::int64_t height = (Extent(h) * scale).value(check.op);
    const std::int64_t width = (Extent(w) * scale).value(check.op);
    numel({b, height, width, c}, check.op);
    const Tensor squares =
        reshape(expand(pixels, {b, h, scale, w, scale, c}), {b, height, width, c});
    return permute(squares, {0, 3, 1, 2});
}

namespace {

ResizeOptions resize_options(const InterpolateOptions& o) {
    ResizeOptions r;
    r.antialias = o.antialias;
    r.exclude_outside = o.antialias;  // as in PyTorch
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

void check_interpolation(const Checker& check, const Tensor& x, const InterpolateOptions& o) {
    check.defined(x);
    check(x.rank() >= 3, "needs an image [B, C, H, W], or a signal [B, C, L]; got ", describe(x));
    const std::size_t spatial = static_cast<std::size_t>(x.rank()) - 2;
    const std::size_t sizes = static_cast<std::size_t>(o.size.rank());
    const std::size_t scales = o.scale_factor.size();
    const bool by_size = scales == 0 && sizes == spatial;
    const bool by_scale = sizes == 0 && (scales == 1 || scales == spatial);
    check(by_size || by_scale, "needs either a size or a scale_factor for each dimension; got ",
          sizes, " and ", scales, "; expected ", spatial, " of one for ", x.shape());
    for (double scale : o.scale_factor)
        check(scale >= 1e-9 && scale <= 1e9, "a scale_factor must be positive, 1e-9 to 1e9; got ",
              scale);
    check(!(o.align_corners && o.antialias), "align_corners and antialias do not go together");
    check(o.mode >= Interpolation::linear || (!o.align_corners && !o.antialias),
          "align_corners and antialias are for linear and cubic");
}

}  // namespace

Tensor interpolate(const Tensor& x, const InterpolateOptions& options) {
    const Checker check("interpolate");
    check_interpolation(check, x, options);
    const bool by_scale = !options.scale_factor.empty();
    ResizeOptions resize = resize_options(options);
    Tensor y = x;
    for (int d = 2; d < x.rank(); ++d) {
        const auto at = static_cast<std::size_t>(d) - 2;
        if (by_scale) resize.scale = options.scale_factor[options.scale_factor.size() > 1 ? at : 0];
        const auto inputs = static_cast<double>(x.size(d));
        const double outputs =
            by_scale ? std::floor(inputs * resize.scale) : static_cast<double>(options.size[d - 2]);
        check(inputs >= 1 && outputs >= 1 && outputs < 0x1p31,
              "an extent is not positive, or beyond 2^31; got ", x.shape(), " with ", inputs,
              " resized to ", outputs);
        const auto matrix = check.calling(
            [&] { return resize_matrix(x.size(d), static_cast<std::int64_t>(outputs), resize); });
        y = resample(y, d, matrix, check.op);
    }
    return y;
}

}  // namespace eps
