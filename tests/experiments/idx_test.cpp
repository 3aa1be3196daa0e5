#include "experiments/data/idx.h"

#include <zlib.h>

#include "tests/files.h"
#include "experiments/data/images.h"
#include "tensor/create.h"

using namespace eps;
using namespace eps::data;
using namespace eps::test;

namespace {

std::string idx(const std::vector<std::uint32_t>& shape, const std::string& data) {
    std::string bytes{'\0', '\0', '\x08', static_cast<char>(shape.size())};
    for (const std::uint32_t extent : shape)
        for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(extent >> shift);
    return bytes + data;
}

std::string gzipped(const std::string& bytes) {
    z_stream z{};
    REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(bytes.size() + 1000, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&z, Z_FINISH) == Z_STREAM_END);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}

struct Fixture {
    TempFolder folder;
    std::string path = folder / "x-idx";
    Tensor read(const std::string& bytes) const {
        put(path, bytes);
        return read_idx(path);
    }
    std::string error_of(const std::string& bytes) const {
        const std::string message = message_of([&] { read(bytes); });
        CHECK(contains(message, "read_idx: "));
        CHECK(contains(message, "'" + path + "'"));
        return message;
    }
};

const std::string kSix = "\1\2\3\4\5\6";

}  // namespace

TEST_CASE_FIXTURE(Fixture, "read_idx reads plain and compressed files") {
    for (const std::string& bytes : {idx({2, 3}, kSix), gzipped(idx({2, 3}, kSix))}) {
        const Tensor x = read(bytes);
        CHECK(x.dtype() == u8);
        CHECK(x.shape() == Shape{2, 3});
        CHECK(x.to_vector() == std::vector<double>{1, 2, 3, 4, 5, 6});
    }
    CHECK(read(idx({0, 28, 28}, "")).shape() == Shape{0, 28, 28});
    const std::string large(5'000'000, '\7');  // several doublings
    const Tensor x = read(gzipped(idx({5'000'000}, large)));
    CHECK(x.numel() == 5'000'000);
    CHECK(x.data<std::uint8_t>()[4'999'999] == 7);
}

// RFC 1952, section 2.2; gzip -d does the same.
TEST_CASE_FIXTURE(Fixture, "gzip streams in a row are one, and zeros after the last are padding") {
    const std::string whole = idx({2, 3}, kSix);
    for (const std::size_t cut : {0u, 1u, 3u, 7u, 12u, 15u, 18u})
        for (const std::size_t zeros : {0u, 1u, 512u, 100'000u}) {
            const Tensor x = read(gzipped(whole.substr(0, cut)) + gzipped(whole.substr(cut)) +
                                  std::string(zeros, '\0'));
            CHECK(x.to_vector() == std::vector<double>{1, 2, 3, 4, 5, 6});
        }
    std::string members;
    for (const char c : whole) members += gzipped(std::string(1, c));
    CHECK(read(members).shape() == Shape{2, 3});
    CHECK(contains(
        error_of(gzipped(whole.substr(0, 15)) + gzipped(whole.substr(15)) + gzipped("more")),
        "data after the last element"));
    CHECK(contains(error_of(gzipped(whole) + "\x1fx"), "damaged gzip stream (incorrect header"));
}

TEST_CASE_FIXTURE(Fixture, "a stream of tiny blocks, each of which takes time, is refused") {
    std::string blocks;
    for (int i = 0; i < 100'000; ++i) blocks += std::string("\0\0\0\xff\xff", 5);  // stored, empty
    CHECK(contains(error_of("\x1f\x8b\x08" + std::string("\0\0\0\0\0\0\xff", 7) + blocks),
                   "damaged gzip stream (9"));
}

TEST_CASE_FIXTURE(Fixture, "read_idx says what is wrong with a file") {
    CHECK(contains(error_of(""), "truncated header"));
    CHECK(contains(error_of("PK\3\4"), "no IDX signature"));
    CHECK(contains(error_of(std::string("\0\0\x0d\1", 4)), "unsupported element type 13"));
    CHECK(contains(error_of(std::string("\0\0\x08\0", 4)), "bad number of dimensions 0"));
    CHECK(contains(error_of(idx({2, 3}, "12345")), "truncated data: 5 elements"));
    CHECK(contains(error_of(idx({2, 3}, "1234567")), "data after the last element"));
    CHECK(contains(error_of(idx({0xffffffffu, 0xffffffffu, 0xffffffffu}, kSix)), "overflows"));
    CHECK(contains(error_of(idx({0xffffffffu}, kSix)),
                   "truncated data: 6 elements in '" + path + "'; expected 4294967295"));
    CHECK(contains(error_of(gzipped(idx({2, 3}, "12345"))), "truncated data: 5 elements"));
    CHECK(contains(error_of(gzipped(idx({2, 3}, "1234567"))), "data after the last element"));
    CHECK(contains(error_of(gzipped(idx({2, 3}, kSix)) + "x"),
                   "bytes after the end of the gzip stream"));
    CHECK(contains(error_of(gzipped(idx({2, 3}, kSix)) + std::string(40'000, '\0') + "x"),
                   "bytes after the end of the gzip stream and zeros"));
    const std::string huge = gzipped(idx({0xffffffffu}, kSix));
    CHECK(error_of(huge) == str("read_idx: the header declares 4294967295 bytes in '", path,
                                "'; expected at most 16777216 of a compressed file of ",
                                huge.size(), "; hint: if you trust it, unpack it yourself"));
    std::string wrong_sum = gzipped(idx({2, 3}, kSix));
    wrong_sum[wrong_sum.size() - 6] = static_cast<char>(~wrong_sum[wrong_sum.size() - 6]);
    CHECK(contains(error_of(wrong_sum), "incorrect data check"));
    CHECK(contains(error_of("\x1f\x8b garbage, not gzip"), "damaged gzip stream"));
    CHECK(contains(message_of([&] { read_idx(folder / "none"); }), "No such file"));
}

TEST_CASE_FIXTURE(Fixture, "damaged idx files never crash the reader, and a bomb is not unpacked") {
    const auto read_it = [&] { read_idx(path); };
    const std::string body = std::string(300, '\3') + "some text that does not compress to nothing";
    fuzz_reader(path, idx({7, 49}, body), read_it, 3000);
    fuzz_reader(path, gzipped(idx({7, 49}, body)), read_it, 4000);
    CachingAllocator& allocator = allocator_of(cpu);
    allocator.reset_peak();
    const std::size_t before = allocator.stats().live_bytes;
    CHECK(contains(error_of(gzipped(idx({6}, std::string(100'000'000, '\0')))),
                   "data after the last element"));
    CHECK(contains(
        error_of(gzipped(idx({90'000'000}, std::string(300'000, '\0') + std::string(90'000, 'x')))),
        "the header declares 90000000 bytes"));
    CHECK(contains(error_of(gzipped(idx({9'000'000}, std::string(8'000'000, '\0')))),
                   "truncated data: 8000000 elements"));
    CHECK(allocator.stats().peak_bytes == before);
}

TEST_CASE_FIXTURE(Fixture, "load_images reads the files of a folder, and says what is missing") {
    const std::string images = idx({3, 28, 28}, std::string(3 * 784, '\x64'));
    put(folder / "train-images-idx3-ubyte", images);
    put(folder / "train-labels-idx1-ubyte.gz", gzipped(idx({3}, std::string("\0\5\x09", 3))));
    const std::string dir = folder.path().string();
    const ImageDataset set = load_images("mnist", "train", dir);
    CHECK(set.name == "mnist");
    CHECK(set.images.shape() == Shape{3, 28, 28});
    CHECK(set.labels.dtype() == i64);
    CHECK(set.labels.to_vector() == std::vector<double>{0, 5, 9});
    put(folder / "train-labels-idx1-ubyte.gz", gzipped(idx({3}, std::string("\0\5\x0a", 3))));
    CHECK(contains(message_of([&] { load_images("mnist", "train", dir); }), "expected 0 to 9"));
    put(folder / "train-labels-idx1-ubyte.gz", gzipped(idx({2}, std::string("\0\5", 2))));
    CHECK(contains(message_of([&] { load_images("mnist", "train", dir); }), "got [2]"));
    CHECK_THROWS_AS(load_images("mnist", "test", dir), DataUnavailable);
    CHECK_THROWS_AS(load_images("mnist", "train"), DataUnavailable);
    CHECK(contains(message_of([&] { load_images("mnist", "train"); }), "--data-dir DIR"));
    CHECK(contains(message_of([&] { load_images("fashion-mnist", "test", dir); }),
                   "dataset-fashion-mnist"));
    CHECK(contains(message_of([] { load_images("cifar", "train"); }), "unknown data set 'cifar'"));
    CHECK(contains(message_of([] { load_images("mnist", "valid"); }), "unknown split 'valid'"));
}

TEST_CASE("the installed Fashion-MNIST has its 70,000 images") {
    if (!std::filesystem::exists("/usr/share/datasets/fashion-mnist")) {
        MESSAGE("skipped: /usr/share/datasets/fashion-mnist is not there");
        return;
    }
    const ImageDataset test = load_images("fashion-mnist", "test");
    CHECK(test.images.shape() == Shape{10000, 28, 28});
    CHECK(test.labels.shape() == Shape{10000});
    std::vector<int> count(10);
    for (std::int64_t i = 0; i < 10000; ++i)
        ++count[static_cast<std::size_t>(test.labels.data<std::int64_t>()[i])];
    for (const int c : count) CHECK(c == 1000);
}

TEST_CASE("binarisations give 0 and 1 with the right frequencies") {
    const Tensor grey = full({2000, 2, 2}, 51, {.dtype = u8});  // probability 0.2
    const Tensor fixed = binarise_static(grey, 7);
    double mean = 0;
    for (const double v : fixed.to_vector()) {
        REQUIRE((v == 0 || v == 255));
        mean += v / 255 / 8000;
    }
    CHECK(mean == doctest::Approx(0.2).epsilon(0.1));  // standard error 0.0045
    CHECK(binarise_static(grey, 7).to_vector() == fixed.to_vector());
    CHECK(binarise_static(grey, 8).to_vector() != fixed.to_vector());
    CHECK(binarise_static(tensor({0, 255}, {2, 1}, {.dtype = u8}), 1).to_vector() ==
          std::vector<double>{0, 255});
    Generator generator(3);
    const Tensor batch = full({1000}, 0.5);
    const Tensor first = binarise_dynamic(batch, generator);
    CHECK(first.dtype() == f32);
    CHECK(binarise_dynamic(batch, generator).to_vector() != first.to_vector());
    CHECK(contains(message_of([&] { binarise_dynamic(grey, generator); }), "needs f32"));
}
