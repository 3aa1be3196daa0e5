// The index arithmetic of the CUDA convolutions, on the CPU: it needs no GPU to be wrong.
#include "cuda/conv/windows.h"

#include <doctest/doctest.h>

#include <map>
#include <set>
#include <vector>

using namespace eps::kernels::cuda;

namespace {

Axis axis(std::int32_t inputs, std::int32_t taps, std::int32_t stride, std::int32_t before,
          std::int32_t step) {
    return {inputs, (inputs + 2 * before - (taps - 1) * step - 1) / stride + 1,
            taps,   before,
            step,   Divisor(static_cast<std::uint32_t>(stride))};
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

TEST_CASE(
    "cuda index: windows see the pixels of the convolution's definition, and pixels the windows "
    "that see them") {
    for (const Axis& down : axes())
        for (const Axis& across : axes()) {
            const Windows windows(down, across);
            const std::uint32_t images = 2;
            // pixel -> (place, tap)
            std::map<std::int64_t, std::set<std::pair<std::int64_t, std::int32_t>>> seen;
            std::uint32_t place = 0;
            for (std::int32_t b = 0; b < static_cast<std::int32_t>(images); ++b)
                for (std::int32_t i = 0; i < down.outputs; ++i)
                    for (std::int32_t j = 0; j < across.outputs; ++j, ++place) {
                        std::vector<std::int64_t> pixels;
                        windows.each_pixel(place, [&](std::int64_t pixel, std::int32_t tap) {
                            CHECK(tap == static_cast<std::int32_t>(pixels.size()));
                            pixels.push_back(pixel);
                        });
                        REQUIRE(pixels.size() == static_cast<std::size_t>(windows.taps()));
                        for (std::int32_t tap = 0; tap < windows.taps(); ++tap) {
                            const std::int32_t row =
                                                   i * static_cast<std::int32_t>(down.stride.size) -
                                                   down.before + tap / across.taps * down.step,
                                               column = j * static_cast<std::int32_t>(
                                                                across.stride.size) -
                                                        across.before +
                                                        tap % across.taps * across.step;
                            const bool inside = row >= 0 && row < down.inputs && column >= 0 &&
                                                column < across.inputs;
                            const std::int64_t pixel =
                                inside
                                    ? (std::int64_t{b} * down.inputs + row) * across.inputs + column
                                    : -1;
                            REQUIRE(pixels[static_cast<std::size_t>(tap)] == pixel);
                            if (inside) seen[pixel].insert({place, tap});
                        }
                    }
            for (std::uint32_t pixel = 0;
                 pixel < images * static_cast<std::uint32_t>(windows.pixels()); ++pixel) {
                std::set<std::pair<std::int64_t, std::int32_t>> found;
                windows.each_place(pixel, [&](std::int64_t at, std::int32_t tap) {
                    found.insert({at, tap});
                });
                REQUIRE(found == seen[pixel]);
            }
        }
}

TEST_CASE("cuda index: the outputs of a strip of inputs are all that see it") {
    for (const Axis& a : axes())
        for (std::int32_t begin = 0; begin < a.inputs; ++begin)
            for (std::int32_t end = begin + 1; end <= a.inputs; ++end) {
                const Axis::Range range = a.outputs_of(begin, end);
                REQUIRE(range.begin <= range.end);
                REQUIRE(range.end <= a.outputs);
                for (std::int32_t i = begin; i < end; ++i)
                    for (std::int32_t tap = 0; tap < a.taps; ++tap)
                        if (const std::int32_t output = a.output(i, tap); output >= 0) {
                            REQUIRE(output >= range.begin);
                            REQUIRE(output < range.end);
                        }
            }
}

TEST_CASE(
    "cuda index: without a stride, the outputs that see an input are a window of the reversed "
    "axis") {
    int unstrided = 0;
    for (const Axis& a : axes()) {
        if (a.stride.size > 1) continue;
        ++unstrided;
        const Axis reversed = a.reversed();
        CHECK(reversed.inputs == a.outputs);
        CHECK(reversed.outputs == a.inputs);
        for (std::int32_t i = 0; i < a.inputs; ++i)
            for (std::int32_t tap = 0; tap < a.taps; ++tap)
                REQUIRE(reversed.input(i, tap) == a.output(i, tap));
    }
    CHECK(unstrided >= 3);
}

TEST_CASE(
    "cuda index: the inputs between two strides see their outputs through windows of a phase") {
    for (const Axis& a : axes()) {
        int seen = 0, expected = 0;
        for (std::int32_t i = 0; i < a.inputs; ++i)
            for (std::int32_t tap = 0; tap < a.taps; ++tap) expected += a.output(i, tap) >= 0;
        for (std::int32_t phase = 0; phase < std::min(a.stride_of(), a.inputs); ++phase) {
            const Phase p(a, phase);
            REQUIRE(p.axis.inputs == a.outputs);
            REQUIRE(p.axis.outputs == (a.inputs - phase + a.stride_of() - 1) / a.stride_of());
            for (std::int32_t i = 0; i < p.axis.outputs; ++i)
                for (std::int32_t tap = 0; tap < p.axis.taps; ++tap) {
                    REQUIRE(p.first + tap * p.every < a.taps);
                    REQUIRE(p.axis.input(i, tap) ==
                            a.output(p.input + i * a.stride_of(), p.first + tap * p.every));
                    seen += p.axis.input(i, tap) >= 0;
                }
        }
        CHECK(seen == expected);
    }
}
