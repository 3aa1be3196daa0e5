#include "cpu/conv/transposed.h"

#include <algorithm>

#include "cpu/conv/matrix_products.h"
#include "tensor/contract/strided_conv.h"

namespace eps::kernels::cpu {
namespace {

// The pixels of one phase, as an image.
template <class T>
Image<T> pixels_of(const Image<T>& x, const ConvGeometry& g, std::int64_t phase_y,
                   const ConvPhase& down, std::int64_t phase_x, const ConvPhase& across) {
    Image<T> pixels = x;
    pixels.data += phase_y * x.line + phase_x * x.pixel;
    pixels.line *= g.stride[0];
    pixels.pixel *= g.stride[1];
    pixels.height = down.inputs;
    pixels.width = across.inputs;
    return pixels;
}

// Pixel n of a phase meets y[n + offset - t dilation] at kernel position t. A correlation reads
// y[n - padding + t' dilation] at position t', so the last kernel position comes first.
template <class T>
Correlation<T> correlation_of(const Image<const T>& y, const Filters<const T>& w,
                              const ConvPhase& down, const ConvPhase& across) {
    const Filters<const T> turned{
        .data = w.data + down.last_position() * w.y + across.last_position() * w.x,
        .out = w.in,
        .in = w.out,
        .y = -down.position_step * w.y,
        .x = -across.position_step * w.x,
        .height = down.positions,
        .width = across.positions};
    return {.in = y,
            .filters = turned,
            .dilation_y = down.dilation,
            .dilation_x = across.dilation,
            .padding_y = (down.positions - 1) * down.dilation - down.offset,
            .padding_x = (across.positions - 1) * across.dilation - across.offset};
}

}  // namespace

template <class T>
std::vector<TransposedPart<T>> transposed_parts(const Image<T>& x, const Image<const T>& y,
                                                const Filters<const T>& w, const ConvGeometry& g) {
    const ConvDimension rows{x.height, w.height, g.stride[0], g.padding[0], g.dilation[0]};
    const ConvDimension columns{x.width, w.width, g.stride[1], g.padding[1], g.dilation[1]};
    std::vector<TransposedPart<T>> parts;
    for (std::int64_t i = 0; i < std::min(g.stride[0], x.height); ++i)
        for (std::int64_t j = 0; j < std::min(g.stride[1], x.width); ++j) {
            const ConvPhase down = conv_phase(rows, i), across = conv_phase(columns, j);
            TransposedPart<T> part{pixels_of(x, g, i, down, j, across), std::nullopt};
            if (down.positions > 0 && across.positions > 0)
                part.correlation = correlation_of(y, w, down, across);
            parts.push_back(part);
        }
    return parts;
}

template <class T> void fill_image(const Image<T>& image, const T* bias) {
    for (std::int64_t b = 0; b < image.batch_count; ++b)
        for (std::int64_t y = 0; y < image.height; ++y)
            fill_with_bias(image.data + b * image.batch + y * image.line, image.width,
                           image.channels, image.pixel, bias);
}

#define EPS_INSTANTIATE(T)                                                                     \
    template std::vector<TransposedPart<T>> transposed_parts(                                  \
        const Image<T>&, const Image<const T>&, const Filters<const T>&, const ConvGeometry&); \
    template void fill_image(const Image<T>&, const T*);
EPS_INSTANTIATE(float)
EPS_INSTANTIATE(double)
#undef EPS_INSTANTIATE

}  // namespace eps::kernels::cpu
