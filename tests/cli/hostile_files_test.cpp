// Files of a megabyte that are made to cost much. Reading one must take no more memory than the
// file and a megabyte, and no more than a tenth of a second.
#include <malloc.h>
#include <sys/wait.h>
#include <time.h>
#include <zlib.h>

#include "cli/png.h"
#include "cli/png_chunks.h"
#include "experiments/data/idx.h"
#include "tensor/io/npy.h"
#include "tensor/io/safetensors.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr std::size_t kMega = 1'000'000;

#ifdef NDEBUG
constexpr double kSeconds = 0.1;
#else
constexpr double kSeconds = 0.4;  // without optimisation
#endif
#ifdef EPS_SANITIZED
constexpr bool kMeasured = false;  // a sanitizer's own time and memory are larger
#else
constexpr bool kMeasured = true;
#endif

void read_any(const std::string& path) {
    if (path.ends_with(".safetensors")) {
        read_safetensors(path);
    } else if (path.ends_with(".npy")) {
        read_npy(path);
    } else if (path.ends_with(".png")) {
        cli::read_png(path);
    } else {
        data::read_idx(path);
    }
}

struct Cost {
    double seconds = 0;      // of the processor
    std::size_t memory = 0;  // bytes, at most at a time
    char message[300] = "";  // of the Error; empty if the file was read
};

std::size_t peak_memory() {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
        if (word == "VmHWM:" && status >> word) return std::stoul(word) * 1024;
    return 0;
}

double processor_seconds() {
    ::timespec time{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

Cost measure(const std::string& path) {
    Cost cost;
    message_of([&] { read_any(path); });  // the pages of the program itself are in memory now
    allocator_of(cpu).release_cache();
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins anew
    const std::size_t before = peak_memory();
    const double start = processor_seconds();
    const auto message = message_of([&] { read_any(path); });
    cost.seconds = processor_seconds() - start;
    cost.memory = peak_memory() - before;
    message.copy(cost.message, sizeof cost.message - 1);
    return cost;
}

// Reads the file in a process of its own.
Cost cost_of(const std::string& path) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const ::pid_t id = ::fork();
    REQUIRE(id >= 0);
    if (id == 0) {
        const Cost cost = measure(path);
        ::_exit(::write(ends[1], &cost, sizeof cost) == sizeof cost ? 0 : 1);
    }
    ::close(ends[1]);
    Cost cost;
    CHECK(::read(ends[0], &cost, sizeof cost) == sizeof cost);
    ::close(ends[0]);
    int status = 0;
    REQUIRE(::waitpid(id, &status, 0) == id);
    CHECK(status == 0);
    return cost;
}

struct Fixture {
    TempFolder folder;
    // What the error says, or "" for a file that is read; its cost is within the bounds.
    std::string cheap(const std::string& name, const std::string& bytes) {
        const std::string path = folder / name;
        put(path, bytes);
        const Cost cost = cost_of(path);
        INFO(name << ": " << cost.seconds * 1e3 << " ms, " << cost.memory / 1000 << " kB, "
                  << std::string(cost.message));
        if (kMeasured) {
            CHECK(cost.seconds < kSeconds);
            CHECK(cost.memory <= bytes.size() + (std::size_t{1} << 20));
        }
        return cost.message;
    }
};

std::string number(std::uint64_t value, int bytes, bool big_endian) {
    std::string out;
    for (int i = 0; i < bytes; ++i)
        out += static_cast<char>(value >> 8 * (big_endian ? bytes - 1 - i : i));
    return out;
}
std::string repeated(const std::string& text, std::size_t bytes) {
    std::string out;
    while (out.size() < bytes) out += text;
    return out;
}

std::string safetensors(const std::string& json) { return number(json.size(), 8, false) + json; }
// {"0": entry, "1": entry, ...}
std::string entries(const std::string& entry, const std::string& prefix = "") {
    std::string json = "{";
    for (int i = 0; json.size() < kMega; ++i)
        json += str(i == 0 ? "\"" : ",\"", prefix, i, "\":", entry);
    return json + "}";
}
const std::string kEmpty = R"({"dtype":"F32","shape":[0],"data_offsets":[0,0]})";

std::string npy(const std::string& header, const std::string& data) {
    return std::string("\x93NUMPY\2\0", 8) + number(header.size(), 4, false) + header + data;
}

std::string idx_header(std::uint32_t count) {
    return std::string("\0\0\x08\1", 4) + number(count, 4, true);
}

// A raw stream of DEFLATE that can be continued, or repeated, at its end.
std::string deflated(const std::string& bytes) {
    z_stream z{};
    REQUIRE(deflateInit2(&z, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    std::string out(bytes.size() + 1000, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
    z.avail_in = static_cast<uInt>(bytes.size());
    z.next_out = reinterpret_cast<Bytef*>(out.data());
    z.avail_out = static_cast<uInt>(out.size());
    REQUIRE(deflate(&z, Z_FULL_FLUSH) == Z_OK);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}
std::string noise(std::size_t bytes) {
    std::mt19937 random(1);
    std::string out(bytes, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
}

const std::string kGzip("\x1f\x8b\x08\0\0\0\0\0\0\xff", 10), kZlib("\x78\xda");

// Eight blocks of DEFLATE in 106 bytes, each with its own tables and two matches of 258 bytes.
std::string tiny_blocks() {
    const std::string hex =
        "ecc0810800000000207feb45beb00307220000000080fcad17f9c20e1c880000000000f2b75ee40b3b702002"
        "00000000c8df7a912fecc0810800000000207feb45beb00307220000000080fcad17f9c20e1c880000000000"
        "f2b75ee40b3b70200200000000c8df7a912f";
    std::string bytes;
    for (std::size_t i = 0; i < hex.size(); i += 2)
        bytes += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    return bytes;
}

std::string chunk(const std::string& type, const std::string& data) {
    const std::string covered = type + data;
    const auto crc = ::crc32(0, reinterpret_cast<const Bytef*>(covered.data()),
                             static_cast<uInt>(covered.size()));
    return number(data.size(), 4, true) + covered + number(crc, 4, true);
}
std::string png(std::uint32_t width, std::uint32_t height, const std::string& chunks) {
    return std::string(cli::kPngSignature) +
           chunk("IHDR", number(width, 4, true) + number(height, 4, true) +
                             std::string("\x08\0\0\0\0", 5)) +
           chunks + chunk("IEND", "");
}

}  // namespace

TEST_CASE_FIXTURE(Fixture, "hostile safetensors files are cheap") {
    const auto cheap_json = [&](const std::string& json) {
        return cheap("x.safetensors", safetensors(json));
    };
    CHECK(cheap_json(entries(kEmpty)).empty());  // 18,000 tensors
    CHECK(cheap_json(entries(kEmpty, std::string(1000, 'p'))).empty());
    CHECK(cheap_json("{" + std::string(kMega, ' ') + "}").empty());
    CHECK(cheap_json("{\"__metadata__\":{\"a\":\"" + std::string(kMega, 'v') + "\"}}").empty());
    CHECK(cheap_json(R"({"a":{"dtype":"F32","data_offsets":[0,0],"shape":[)" +
                     repeated("1,", kMega) + "0]}}")
              .empty());
    CHECK(cheap_json(R"({"a":{"dtype":"F32","data_offsets":[0,0],"shape":[0],"x":[)" +
                     repeated("[{\"y\":1.5e3}],", kMega) + "0]}}")
              .empty());
    CHECK(contains(
        cheap_json("{" + repeated("\"a\":" + kEmpty + ",", kMega) + "\"b\":" + kEmpty + "}"),
        "'a' occurs twice"));
    CHECK(contains(cheap_json("{\"a\":" + kEmpty + std::string(kMega, ' ') + "]"),
                   "the JSON is wrong"));
    CHECK(contains(cheap_json(R"({"__metadata__":)" + entries("\"\"") + "}"), "metadata keys"));
    CHECK(
        contains(cheap_json("{\"" + repeated("\\u00e9", kMega) + "\":1}"), "a text of more than"));
    CHECK(contains(cheap_json("{\"a\":{\"x\":" + std::string(kMega, '[')), "nested more than"));
    CHECK(contains(cheap_json(entries(R"({"dtype":"U8","shape":[1],"data_offsets":[0,1]})")),
                   "overlap"));
    CHECK(contains(
        cheap("x.safetensors", number(99'000'000, 8, false) + "{" + std::string(kMega, ' ')),
        "truncated: "));
}

TEST_CASE_FIXTURE(Fixture, "hostile npy files are cheap") {
    const std::string rest = "'fortran_order': False, 'shape': (1000000,)}";
    CHECK(contains(cheap("x.npy", npy("{" + std::string(kMega, ' ') + "}", "")), "at most 10000"));
    CHECK(contains(cheap("x.npy", npy("{'descr': '<f4', " + rest, std::string(kMega, '\0'))),
                   "truncated data: 1000000 bytes"));
    CHECK(contains(
        cheap("x.npy", npy("{'descr': '|b1', " + rest, std::string(kMega - 1, '\0') + '\2')),
        "a bool is stored as 2"));
}

TEST_CASE_FIXTURE(Fixture, "hostile IDX files are cheap, and bombs are not unpacked") {
    CHECK(contains(cheap("x-idx", idx_header(0xffffffff) + std::string(kMega, '\0')),
                   "expected 4294967295"));
    const std::string zeros = deflated(std::string(kMega, '\0'));
    const auto gzip = [](std::uint32_t count, const std::string& stream) {
        return kGzip + deflated(idx_header(count)) + stream;
    };
    CHECK(contains(cheap("x-idx.gz", gzip(0x40000000, repeated(zeros, kMega))),  // a gigabyte
                   "the header declares 1073741824 bytes"));
    CHECK(contains(cheap("x-idx.gz", gzip(31'000'000, repeated(zeros, kMega))),
                   "data after the last element"));
    CHECK(contains(
        cheap("x-idx.gz", gzip(24'000'000, repeated(zeros, 20'000) + deflated(noise(900'000)))),
        "truncated gzip stream"));
    CHECK(contains(cheap("x-idx.gz", gzip(31'000'000, repeated(tiny_blocks(), kMega))),
                   "damaged gzip stream ("));
    CHECK(
        contains(cheap("x-idx.gz", gzip(kMega, repeated(std::string("\0\0\0\xff\xff", 5), kMega))),
                 "damaged gzip stream ("));
    CHECK(contains(cheap("x-idx.gz", gzip(kMega, deflated(noise(950'000)))),
                   "truncated gzip stream"));
    const std::string nothing = kGzip + std::string("\3\0\0\0\0\0\0\0\0\0", 10);
    CHECK(contains(cheap("x-idx.gz", repeated(nothing, kMega)), "damaged gzip stream ("));
    CHECK(contains(cheap("x-idx.gz", nothing + std::string(kMega, '\0')), "truncated header"));
}

TEST_CASE_FIXTURE(Fixture, "hostile PNG files are cheap, and bombs are not unpacked") {
    const std::string zeros = deflated(std::string(kMega, '\0'));
    CHECK(
        contains(cheap("x.png", png(30'000, 30'000, chunk("IDAT", kZlib + repeated(zeros, kMega)))),
                 "a picture of 30000 x 30000"));
    CHECK(contains(cheap("x.png", png(3000, 3000, chunk("IDAT", kZlib + repeated(zeros, kMega)))),
                   "more picture data than pixels"));
    CHECK(contains(
        cheap("x.png", png(3000, 3000, chunk("IDAT", kZlib + zeros + deflated(noise(900'000))))),
        "truncated picture data"));
    CHECK(contains(
        cheap("x.png",
              png(3000, 3000, chunk("IDAT", kZlib + zeros + repeated(tiny_blocks(), kMega)))),
        "damaged picture data ("));
    const std::string data =
        chunk("IDAT", kZlib + std::string("\1\2\0\xfd\xff\0\7\0\x09\0\x08", 11));
    const std::string text =
        chunk("zTXt", std::string("a\0\0", 3) + kZlib + repeated(zeros, 7000));  // 7 MB
    CHECK(cheap("x.png", png(1, 1, repeated(text, kMega) + data)).empty());
    CHECK(cheap("x.png", png(1, 1, repeated(chunk("tIME", ""), kMega) + data)).empty());
    CHECK(contains(cheap("x.png", png(1, 1, repeated(chunk("IDAT", ""), kMega))),
                   "truncated picture data: 0 bytes"));
}
