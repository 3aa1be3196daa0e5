#include "autograd/ops/image/unfold.h"

#include "autograd/ops/checker.h"
#include "autograd/ops/image/image.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/shape/shape.h"

namespace eps {
namespace {

template <std::size_t N> using Extents = std::array<std::int64_t, N>;

constexpr std::int64_t kLimit = std::int64_t{1} << 31;  // for extents, so that products are int64

/// How many windows there are in each dimension.
template <std::size_t N, class Options>
Extents<N> window_counts(const Checker& check, Extents<N> size, Extents<N> kernel,
                         const Options& o) {
    Extents<N> counts{};
    for (std::size_t d = 0; d < N; ++d) {
        const bool sound =
            kernel[d] >= 1 && o.stride[d] >= 1 && o.dilation[d] >= 1 && o.padding[d] >= 0;
        const bool small = kernel[d] < kLimit && o.stride[d] < kLimit && o.dilation[d] < kLimit &&
                           o.padding[d] < kLimit;
        check(sound && small, "the windows make no sense; got kernel ", kernel[d], ", stride ",
              o.stride[d], ", dilation ", o.dilation[d], ", padding ", o.padding[d]);
        const std::int64_t room = size[d] + 2 * o.padding[d] - o.dilation[d] * (kernel[d] - 1) - 1;
        check(size[d] >= 1 && room >= 0, "the window is larger than the padded image; got extent ",
              size[d], ", kernel ", kernel[d], ", dilation ", o.dilation[d], ", padding ",
              o.padding[d]);
        counts[d] = room / o.stride[d] + 1;
        check(counts[d] < kLimit / kernel[d], "there are too many windows; got ", counts[d], " of ",
              kernel[d], "; expected fewer than 2^31 elements");
    }
    return counts;
}

/// Selects the first element of every window, then the second of every window, and so on.
template <class Options>
CsrMatrix window_matrix(const Checker& check, std::size_t d, std::int64_t inputs,
                        std::int64_t windows, std::int64_t kernel, const Options& o) {
    const Extent elements = Extent(windows) * kernel;
    CsrMatrix matrix(check.op, inputs, elements, elements);
    for (std::int64_t u = 0; u < kernel; ++u)
        for (std::int64_t i = 0; i < windows; ++i, matrix.end_row()) {
            const std::int64_t source = i * o.stride[d] - o.padding[d] + u * o.dilation[d];
            if (source >= 0 && source < inputs) matrix.add(source);
        }
    return matrix;
}

/// The product of the extents, which may be too large.
template <std::size_t N> std::int64_t product(const Extents<N>& extents) {
    return numel(Dims(std::span<const std::int64_t>(extents)));
}

/// [B, C, h, H', w, W'] -> [B, C, h, w, H', W'], for N = 2.
template <std::size_t N> Dims kernel_before_windows() {
    Dims order{0, 1};
    for (int first : {2, 3})
        for (int d = 0; d < static_cast<int>(N); ++d) order.push_back(first + 2 * d);
    return order;
}

template <std::size_t N, class Options>
Tensor unfolded(const Checker& check, const Tensor& x, Extents<N> kernel, const Options& o) {
    check_image(check, x, static_cast<int>(N) + 2);
    Extents<N> size{};
    for (std::size_t d = 0; d < N; ++d) size[d] = x.size(static_cast<int>(d) + 2);
    const Extents<N> counts = window_counts<N>(check, size, kernel, o);
    Tensor windows = x;
    Shape shape{x.size(0), x.size(1)};  // [B, C, h, H', w, W'], for N = 2
    for (std::size_t d = 0; d < N; ++d) {
        windows = resample(windows, static_cast<int>(d) + 2,
                           window_matrix(check, d, size[d], counts[d], kernel[d], o), check.op);
        shape.push_back(kernel[d]);
        shape.push_back(counts[d]);
    }
    return reshape(permute(reshape(windows, shape), kernel_before_windows<N>()),
                   {x.size(0), x.size(1) * product<N>(kernel), product<N>(counts)});
}

template <std::size_t N, class Options>
Tensor folded(const Checker& check, const Tensor& x, Extents<N> size, Extents<N> kernel,
              const Options& o) {
    check_image(check, x, 3);
    const Extents<N> counts = window_counts<N>(check, size, kernel, o);
    const std::int64_t window = product<N>(kernel);
    check(x.size(1) % window == 0 && x.size(2) == product<N>(counts), "x does not fit; got ",
          x.shape(), "; expected [B, C ", window, ", ", product<N>(counts), "] for an image of ",
          Dims(std::span<const std::int64_t>(size)));
    const std::int64_t channels = x.size(1) / window;
    Shape split{x.size(0), channels}, joined = split;
    for (const std::int64_t extent : kernel) split.push_back(extent);
    for (const std::int64_t extent : counts) split.push_back(extent);
    Dims order{0, 1};  // the inverse of kernel_before_windows
    for (std::size_t d = 0; d < N; ++d) {
        order.push_back(static_cast<int>(2 + d));
        order.push_back(static_cast<int>(2 + N + d));
        joined.push_back(kernel[d] * counts[d]);
    }
    Tensor image = reshape(permute(reshape(x, split), order), joined);
    for (std::size_t d = N; d-- > 0;) {
        const CsrMatrix matrix = window_matrix(check, d, size[d], counts[d], kernel[d], o);
        image = resample(image, static_cast<int>(d) + 2, matrix.transposed(), check.op);
    }
    return image;
}

}  // namespace

Tensor unfold(const Tensor& x, std::array<std::int64_t, 2> kernel, const UnfoldOptions& options) {
    return unfolded<2>("unfold", x, kernel, options);
}
Tensor fold(const Tensor& x, std::array<std::int64_t, 2> size, std::array<std::int64_t, 2> kernel,
            const UnfoldOptions& options) {
    return folded<2>("fold", x, size, kernel, options);
}
Tensor unfold3d(const Tensor& x, std::array<std::int64_t, 3> kernel,
                const Unfold3dOptions& options) {
    return unfolded<3>("unfold3d", x, kernel, options);
}
Tensor fold3d(const Tensor& x, std::array<std::int64_t, 3> size, std::array<std::int64_t, 3> kernel,
              const Unfold3dOptions& options) {
    return folded<3>("fold3d", x, size, kernel, options);
}

}  // namespace eps
