// The index arithmetic of the CUDA convolutions, on the CPU: it needs no GPU to be wrong.
#include "cuda/conv/windows.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

using namespace eps::kernels::cuda;

namespace {

Axis axis(std::int32_t inputs, std::int32_t positions, std::int32_t stride, std::int32_t padding,
          std::int32_t dilation) {
    return {.inputs = inputs,
            .outputs = (inputs + 2 * padding - (positions - 1) * dilation - 1) / stride + 1,
            .positions = positions,
            .padding = padding,
            .dilation = dilation,
            .stride = Divisor(static_cast<std::uint32_t>(stride))};
}
std::vector<Axis> axes() {
    return {axis(5, 3, 1, 1, 1), axis(7, 1, 1, 0, 1), axis(8, 4, 2, 1, 1), axis(9, 2, 3, 0, 2),
            axis(4, 3, 2, 2, 3), axis(6, 1, 2, 3, 1), axis(3, 5, 1, 4, 1)};
}

}  // namespace

TEST_CASE("cuda index: a division by multiplication is a division") {
    for (std::uint32_t d : {1u, 2u, 3u, 7u, 10u, 641u, 65536u, 2147483647u})
        for (std::uint32_t n :
             {0u, 1u, 2u, 6u, 7u, 640u, 641u, 65535u, 123456789u, 2147483646u, 2147483647u})
            CHECK(Divisor(d).divide(n) == n / d);
}

TEST_CASE("cuda index: windows read the pixels of the convolution's definition, and back") {
    for (const Axis& down : axes())
        for (const Axis& across : axes()) {
            const Windows windows(down, across);
            const std::int32_t images = 2, outputs = static_cast<std::int32_t>(windows.outputs());
            // The pixel that an output reads at kernel position (u, v), by the definition.
            const auto expected = [&](std::int32_t output, std::int32_t u, std::int32_t v) {
                const std::int32_t b = output / outputs, i = output % outputs / across.outputs;
                const std::int32_t j = output % across.outputs;
                const std::int32_t row = i * down.stride_of() - down.padding + u * down.dilation;
                const std::int32_t column =
                    j * across.stride_of() - across.padding + v * across.dilation;
                const bool inside =
                    row >= 0 && row < down.inputs && column >= 0 && column < across.inputs;
                return inside ? (b * down.inputs + row) * across.inputs + column : -1;
            };
            // pixel -> (output, kernel position)
            std::map<std::int64_t, std::set<std::pair<std::int64_t, std::int32_t>>> readers;
            for (std::int32_t output = 0; output < images * outputs; ++output) {
                std::int32_t next = 0;
                windows.each_pixel(static_cast<std::uint32_t>(output), [&](std::int64_t pixel,
                                                                           std::int32_t position) {
                    REQUIRE(position == next++);
                    REQUIRE(pixel == expected(output, position / across.positions,
                                              position % across.positions));
                    if (pixel >= 0) readers[pixel].insert({output, position});
                });
                REQUIRE(next == windows.positions());
            }
            for (std::int64_t pixel = 0; pixel < images * windows.pixels(); ++pixel) {
                std::set<std::pair<std::int64_t, std::int32_t>> found;
                windows.each_output(static_cast<std::uint32_t>(pixel),
                                    [&](std::int64_t output, std::int32_t position) {
                                        found.insert({output, position});
                                    });
                REQUIRE(found == readers[pixel]);
            }
        }
}

TEST_CASE("cuda index: the outputs of a strip of inputs are all that read it") {
    for (const Axis& a : axes())
        for (std::int32_t begin = 0; begin < a.inputs; ++begin)
            for (std::int32_t end = begin + 1; end <= a.inputs; ++end) {
                const Axis::Range range = a.outputs_of(begin, end);
                REQUIRE(range.begin <= range.end);
                REQUIRE(range.end <= a.outputs);
                for (std::int32_t i = begin; i < end; ++i)
                    for (std::int32_t position = 0; position < a.positions; ++position)
                        if (const std::int32_t output = a.output(i, position); output >= 0) {
                            REQUIRE(output >= range.begin);
                            REQUIRE(output < range.end);
                        }
            }
}

TEST_CASE("cuda index: without a stride, the readers of an input are a reversed axis' window") {
    int unstrided = 0;
    for (const Axis& a : axes()) {
        if (a.stride.size > 1) continue;
        ++unstrided;
        const Axis reversed = a.reversed();
        CHECK(reversed.inputs == a.outputs);
        CHECK(reversed.outputs == a.inputs);
        for (std::int32_t i = 0; i < a.inputs; ++i)
            for (std::int32_t position = 0; position < a.positions; ++position)
                REQUIRE(reversed.input(i, position) == a.output(i, position));
    }
    CHECK(unstrided >= 3);
}

TEST_CASE("cuda index: the inputs of a phase are read by windows without a stride") {
    for (const Axis& a : axes()) {
        int found = 0, expected = 0;
        for (std::int32_t i = 0; i < a.inputs; ++i)
            for (std::int32_t u = 0; u < a.positions; ++u) expected += a.output(i, u) >= 0;
        for (std::int32_t phase = 0; phase < std::min(a.stride_of(), a.inputs); ++phase) {
            const Phase p(a, phase);
            REQUIRE(p.axis.inputs == a.outputs);
            REQUIRE(p.axis.outputs == (a.inputs - phase + a.stride_of() - 1) / a.stride_of());
            for (std::int32_t i = 0; i < p.axis.outputs; ++i)
                for (std::int32_t t = 0; t < p.axis.positions; ++t) {
                    const std::int32_t u = p.first_position + t * p.position_step;
                    REQUIRE(u < a.positions);
                    REQUIRE(p.axis.input(i, t) == a.output(p.input + i * a.stride_of(), u));
                    found += p.axis.input(i, t) >= 0;
                }
        }
        CHECK(found == expected);
    }
}

TEST_CASE("strided convolution: kernel positions of one residue read inputs of one residue") {
    for (const Axis& a : axes()) {
        if (a.dilation != 1) continue;
        const eps::ConvDimension d{.inputs = a.inputs,
                                   .positions = a.positions,
                                   .stride = a.stride_of(),
                                   .padding = a.padding};
        std::int64_t positions = 0;
        for (std::int64_t residue = 0; residue < d.stride; ++residue) {
            const eps::ConvResidue r = eps::conv_residue(d, residue);
            positions += r.positions;
            for (std::int64_t i = 0; i < a.outputs; ++i)
                for (std::int64_t t = 0; t < r.positions; ++t) {
                    const std::int64_t input = r.first_input + (i - r.padding + t) * d.stride;
                    REQUIRE(input == i * d.stride - d.padding + residue + t * d.stride);
                    REQUIRE((i - r.padding + t < r.inputs) == (input < d.inputs));
                    REQUIRE((i - r.padding + t >= 0) == (input >= 0));
                }
        }
        CHECK(positions == d.positions);
    }
}
