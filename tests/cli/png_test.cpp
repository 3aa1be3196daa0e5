#include "cli/png.h"

#include <limits>

#include "tests/files.h"
#include "tensor/create.h"

using namespace eps;
using namespace eps::cli;
using namespace eps::test;

namespace {

struct Fixture {
    TempFolder folder;
    std::string path = folder / "x.png";
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "pictures survive the round trip") {
    const Tensor gray = tensor({0, 1, 127, 128, 254, 255}, {2, 3}, {.dtype = u8});
    write_png(path, gray);
    CHECK(read_png(path).shape() == Shape{2, 3});
    CHECK(read_png(path).to_vector() == gray.to_vector());
    const Tensor colour = tensor({0, 1, 2, 253, 254, 255}, {1, 2, 3}, {.dtype = u8});
    write_png(path, colour);
    CHECK(read_png(path).shape() == Shape{1, 2, 3});
    CHECK(read_png(path).to_vector() == colour.to_vector());
    CHECK(bytes_of_file(path).substr(0, 8) == "\x89PNG\r\n\x1a\n");
    CHECK(folder.names() == std::vector<std::string>{"x.png"});
}

TEST_CASE_FIXTURE(Fixture, "intensities are clamped and rounded, and pixels are enlarged") {
    write_png(path, tensor({0, 0.5, 1, 2, -3, 0.1}, {2, 3}));
    CHECK(read_png(path).to_vector() == std::vector<double>{0, 128, 255, 255, 0, 26});
    write_png(path, tensor({0, 1}, {1, 2}, {.dtype = f64}), 2);
    CHECK(read_png(path).to_vector() == std::vector<double>{0, 0, 255, 255, 0, 0, 255, 255});
    const Tensor x = tensor({1, 2, 3, 4, 5, 6}, {2, 3}, {.dtype = u8});
    write_png(path, x.as_strided({3, 2}, {1, 3}, 0));  // a view
    CHECK(read_png(path).to_vector() == std::vector<double>{1, 4, 2, 5, 3, 6});
}

TEST_CASE_FIXTURE(Fixture, "wrong shapes, dtypes, scales and NaN are rejected") {
    const auto message = [&](const Tensor& x, int scale = 1) {
        return message_of([&] { write_png(path, x, scale); });
    };
    CHECK(contains(message(zeros({2})), "got f32 [2] for '" + path + "'; expected [H, W]"));
    CHECK(contains(message(zeros({2, 2, 4})), "expected [H, W]"));
    CHECK(contains(message(zeros({0, 2})), "not empty"));
    CHECK(contains(message(zeros({2, 2}, {.dtype = i64})), "expected u8"));
    CHECK(contains(message(full({2, 2}, std::numeric_limits<double>::quiet_NaN())), "holds NaN"));
    CHECK(contains(message(zeros({2, 2}), 0), "scale 0"));
    CHECK(contains(message(zeros({2, 2}), 1 << 30), "scale"));
    CHECK_FALSE(std::filesystem::exists(path));
    CHECK(contains(message_of([&] {
                       write_png(folder / "none/x.png", zeros({1, 1}));
                   }),
                   "cannot create"));
    CHECK(contains(message_of([&] { read_png(path); }), "No such file"));
}

TEST_CASE_FIXTURE(Fixture, "damaged pictures never crash the reader") {
    write_png(path, tensor({0, 1, 127, 128, 254, 255, 3, 4}, {2, 4}, {.dtype = u8}), 4);
    const std::string valid = bytes_of_file(path);
    std::mt19937 random(1);
    CachingAllocator& allocator = allocator_of(cpu);
    for (int i = 0; i < 3000; ++i) {
        std::string bytes = i < static_cast<int>(valid.size())
                                ? valid.substr(0, static_cast<std::size_t>(i))
                                : valid;
        if (bytes.size() == valid.size())
            bytes[random() % bytes.size()] = static_cast<char>(random());
        put(path, bytes);
        allocator.reset_peak();
        const std::size_t before = allocator.stats().live_bytes;
        const std::string message = message_of([&] { read_png(path); });
        CHECK((message.empty() || contains(message, path)));
        REQUIRE(allocator.stats().peak_bytes - before < (1 << 20));
    }
}
