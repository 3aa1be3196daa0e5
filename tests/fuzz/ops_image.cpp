// Convolutions and pooling, of images and signals.
#include "autograd/ops/image/conv.h"
#include "autograd/ops/image/pool.h"
#include "tests/fuzz/chain.h"

namespace eps::fuzz {
namespace {

using Pair = std::array<std::int64_t, 2>;

// x if it has that rank, else a new leaf, or at times the wrong x all the same.
Operand image(Chain& chain, int rank, std::int64_t channels) {
    if (chain.x().naive.rank() == rank || chain.draws.one_in(16)) return chain.x();
    Shape shape{chain.draws.between(1, 2), channels};
    while (shape.rank() < rank) shape.push_back(chain.draws.between(1, 6));
    return chain.partner(shape);
}

Pair pair(Chain& chain, std::int64_t first, std::int64_t last) {
    const std::int64_t a = chain.draws.between(first, last);
    return {a, chain.draws.between(first, last)};
}

// The windows of one dimension. `outputs` is nothing if they do not fit.
struct Windows {
    std::int64_t kernel, stride, padding, dilation;
    std::optional<std::int64_t> outputs(std::int64_t inputs) const {
        const std::int64_t room = inputs + 2 * padding - dilation * (kernel - 1) - 1;
        if (room < 0) return std::nullopt;
        return room / stride + 1;
    }
    // Which input is under position k of window i.
    std::int64_t source(std::int64_t i, std::int64_t k) const {
        return i * stride - padding + k * dilation;
    }
};

struct ConvCall {
    Operand x, weight, bias;
    Conv2dOptions options;
    Windows rows, columns;
    bool biased = false;

    bool fits() const {
        const Naive &image = x.naive, &filters = weight.naive;
        if (image.rank() != 4 || filters.rank() != 4 || image.dtype != filters.dtype) return false;
        if (image.shape[1] != filters.shape[1] * options.groups) return false;
        if (filters.shape[0] % options.groups != 0) return false;
        if (biased && !(bias.naive.shape == Shape{filters.shape[0]})) return false;
        if (biased && bias.naive.dtype != image.dtype) return false;
        return rows.outputs(image.shape[2]) && columns.outputs(image.shape[3]);
    }
    Jet at(const Shape& i) const {
        const Naive &from = x.naive, &filters = weight.naive;
        const std::int64_t channels = filters.shape[1];
        const std::int64_t group = i[1] / (filters.shape[0] / options.groups);
        Jet sum = biased ? bias.naive[Shape{i[1]}] : Jet{};
        for_each_index({channels, filters.shape[2], filters.shape[3]}, [&](const Shape& k) {
            const std::int64_t h = rows.source(i[2], k[1]), w = columns.source(i[3], k[2]);
            if (h < 0 || h >= from.shape[2] || w < 0 || w >= from.shape[3]) return;
            sum = sum + from[Shape{i[0], group * channels + k[0], h, w}] *
                            filters[Shape{i[1], k[0], k[1], k[2]}];
        });
        return sum;
    }
};

Call conv2d_call(Chain& chain) {
    ConvCall c;
    c.options = {.stride = pair(chain, 1, 3),
                 .padding = pair(chain, 0, 3),
                 .dilation = pair(chain, 1, 2),
                 .groups = chain.draws.between(1, 3)};
    const std::int64_t channels = chain.draws.between(1, 2);
    c.x = image(chain, 4, channels * c.options.groups);
    const Pair kernel = pair(chain, 1, 3);
    const std::int64_t filters =
        c.options.groups * chain.draws.between(1, 2) + (chain.draws.one_in(16) ? 1 : 0);
    const std::int64_t expected =
        c.x.naive.rank() == 4 ? c.x.naive.shape[1] / c.options.groups : channels;
    c.weight = chain.partner({filters, expected, kernel[0], kernel[1]});
    c.biased = chain.draws.one_in(2);
    if (c.biased) c.bias = chain.partner({filters});
    c.rows = {kernel[0], c.options.stride[0], c.options.padding[0], c.options.dilation[0]};
    c.columns = {kernel[1], c.options.stride[1], c.options.padding[1], c.options.dilation[1]};
    const auto run = [=] { return conv2d(c.x.tensor, c.weight.tensor, c.bias.tensor, c.options); };
    const bool regular = c.weight.naive.rank() != 4 || c.weight.naive.count() > 0;
    if (!regular || c.x.naive.count() == 0) return open(run);
    if (c.weight.naive.rank() == 4) {
        c.rows.kernel = c.weight.naive.shape[2];
        c.columns.kernel = c.weight.naive.shape[3];
    }
    if (!c.fits()) return throws(run);
    const Shape shape{c.x.naive.shape[0], c.weight.naive.shape[0],
                      *c.rows.outputs(c.x.naive.shape[2]), *c.columns.outputs(c.x.naive.shape[3])};
    return gives(naive_from(shape, c.x.naive.dtype, [&](const Shape& i) { return c.at(i); }), run);
}

Call conv1d_call(Chain& chain) {
    const Operand x = image(chain, 3, 2);
    const Windows w{chain.draws.between(1, 3), chain.draws.between(1, 3), chain.draws.between(0, 3),
                    chain.draws.between(1, 2)};
    const std::int64_t channels = x.naive.rank() == 3 ? x.naive.shape[1] : 2;
    const Operand weight = chain.leaf({3, channels, w.kernel});
    const auto run = [=] {
        return conv1d(x.tensor, weight.tensor, {},
                      {.stride = w.stride, .padding = w.padding, .dilation = w.dilation});
    };
    if (x.naive.count() == 0 || channels == 0) return open(run);
    const auto outputs = x.naive.rank() == 3 ? w.outputs(x.naive.shape[2]) : std::nullopt;
    if (!outputs || x.naive.dtype != weight.naive.dtype) return throws(run);
    return gives(naive_from({x.naive.shape[0], 3, *outputs}, x.naive.dtype,
                            [&](const Shape& i) {
                                Jet sum{};
                                for_each_index({channels, w.kernel}, [&](const Shape& k) {
                                    const std::int64_t at = w.source(i[2], k[1]);
                                    if (at < 0 || at >= x.naive.shape[2]) return;
                                    sum = sum + x.naive[Shape{i[0], k[0], at}] *
                                                    weight.naive[Shape{i[1], k[0], k[1]}];
                                });
                                return sum;
                            }),
                 run);
}

Call conv_transpose2d_call(Chain& chain) {
    const Operand x = image(chain, 4, 2);
    const Windows w{chain.draws.between(1, 3), chain.draws.between(1, 3), chain.draws.between(0, 2),
                    chain.draws.between(1, 2)};
    const std::int64_t channels = x.naive.rank() == 4 ? x.naive.shape[1] : 2;
    const std::int64_t more = chain.draws.between(0, 2);
    const Operand weight = chain.leaf({channels, 2, w.kernel, w.kernel});
    const auto run = [=] {
        return conv_transpose2d(x.tensor, weight.tensor, {},
                                {.stride = {w.stride, w.stride},
                                 .padding = {w.padding, w.padding},
                                 .output_padding = {more, more},
                                 .dilation = {w.dilation, w.dilation}});
    };
    if (x.naive.rank() != 4) return throws(run);
    if (x.naive.count() == 0) return open(run);
    if (x.naive.dtype != weight.naive.dtype || more >= std::max(w.stride, w.dilation))
        return throws(run);
    const auto extent = [&](std::int64_t n) {
        return (n - 1) * w.stride - 2 * w.padding + w.dilation * (w.kernel - 1) + more + 1;
    };
    const std::int64_t height = extent(x.naive.shape[2]), width = extent(x.naive.shape[3]);
    if (height < 1 || width < 1) return open(run);
    Naive out = naive_zeros({x.naive.shape[0], 2, height, width}, x.naive.dtype);
    for_each_index(x.naive.shape, [&](const Shape& i) {
        for_each_index({2, w.kernel, w.kernel}, [&](const Shape& k) {
            const std::int64_t h = w.source(i[2], k[1]), v = w.source(i[3], k[2]);
            if (h < 0 || h >= height || v < 0 || v >= width) return;
            Jet& to = out[Shape{i[0], k[0], h, v}];
            to = to + x.naive[i] * weight.naive[Shape{i[1], k[0], k[1], k[2]}];
        });
    });
    return gives(out, run);
}

Call pool_call(Chain& chain) {
    const Operand x = image(chain, 4, 2);
    const bool takes_largest = chain.draws.one_in(2);
    const Windows w{chain.draws.between(1, 3), chain.draws.between(1, 3), chain.draws.between(0, 2),
                    chain.draws.between(1, 2)};
    const auto run = [=] {
        const Pair stride{w.stride, w.stride}, padding{w.padding, w.padding},
            dilation{w.dilation, w.dilation}, kernel{w.kernel, w.kernel};
        return takes_largest
                   ? max_pool2d(x.tensor, kernel,
                                {.stride = stride, .padding = padding, .dilation = dilation})
                   : avg_pool2d(x.tensor, kernel,
                                {.stride = stride, .padding = padding, .dilation = dilation});
    };
    if (x.naive.rank() != 4) return throws(run);
    if (x.naive.count() == 0) return open(run);
    const auto height = w.outputs(x.naive.shape[2]), width = w.outputs(x.naive.shape[3]);
    const std::int64_t reach = w.dilation * (w.kernel - 1) + 1;
    if (w.padding >= reach || !height || !width) return throws(run);
    bool clear = true;
    const Naive out = naive_from(
        {x.naive.shape[0], x.naive.shape[1], *height, *width}, x.naive.dtype, [&](const Shape& i) {
            Jet sum{}, most = constant(-INFINITY);
            for_each_index({w.kernel, w.kernel}, [&](const Shape& k) {
                const std::int64_t h = w.source(i[2], k[0]), v = w.source(i[3], k[1]);
                if (h < 0 || h >= x.naive.shape[2] || v < 0 || v >= x.naive.shape[3]) return;
                const Jet& from = x.naive[Shape{i[0], i[1], h, v}];
                sum = sum + from;
                clear = clear && std::abs(from.value - most.value) > 1e-2;
                if (from.value > most.value) most = from;
            });
            return takes_largest ? most : 1.0 / static_cast<double>(w.kernel * w.kernel) * sum;
        });
    if (takes_largest && !clear) return open(run);
    for (const Jet& number : out.numbers)  // a window that lies in the padding, with dilation
        if (!std::isfinite(number.value)) return open(run);
    return gives(out, run);
}

const NamedOp ops[] = {
    {"conv2d", conv2d_call},
    {"conv1d", conv1d_call},
    {"conv_transpose2d", conv_transpose2d_call},
    {"pool2d", pool_call},
};

}  // namespace

std::span<const NamedOp> image_ops() { return ops; }

}  // namespace eps::fuzz
