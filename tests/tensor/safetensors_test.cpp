#include "tensor/io/safetensors.h"

#include "tensor/create.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::test;

namespace {

std::string file_of(const std::string& json, const std::string& data = "") {
    std::string length;
    for (int i = 0; i < 8; ++i) length += static_cast<char>(json.size() >> (8 * i));
    return length + json + data;
}

const NamedTensors kMixed = {{"flag", tensor({1, 0, 1}, {3}, {.dtype = boolean})},
                             {"w", tensor({1, 2, 3, 4}, {2, 2})},
                             {"n", tensor({-7}, {}, {.dtype = i64})},
                             {"h", tensor({0.5, -3}, {2, 1}, {.dtype = bf16})},
                             {"g", tensor({0.1, -65504, 1e5}, {3}, {.dtype = f16})},
                             {"none", tensor({}, {0, 5}, {.dtype = f64})},
                             {"b \"q\"\n\xc3\xa9", tensor({255}, {1}, {.dtype = u8})}};

struct Fixture {
    TempFolder folder;
    std::string path = folder / "x.safetensors";
    SafetensorsFile read(const std::string& bytes) const {
        put(path, bytes);
        return read_safetensors(path);
    }
    // Tensor 'a' of a file of this type that holds `data`.
    Tensor read_as(const std::string& type, const std::string& shape, const std::string& data) {
        return read(file_of(str(R"({"a":{"dtype":")", type, R"(","shape":)", shape,
                                R"(,"data_offsets":[0,)", data.size(), "]}}"),
                            data))
            .at("a");
    }
    std::string error_of(const std::string& json, const std::string& data = "") const {
        const std::string message = message_of([&] { read(file_of(json, data)).tensors(); });
        CHECK(contains(message, "read_safetensors: "));
        CHECK(contains(message, "'" + path + "'"));
        return message;
    }
    std::string entry_error(const std::string& entry) const {
        return error_of("{\"a\":" + entry + "}", "12345678");
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "write_safetensors writes length, padded JSON and data") {
    // The layout by hand, from the description of the format: the JSON is padded with spaces to a
    // multiple of 8 bytes.
    write_safetensors(path, {{"a", tensor({1.5, -2}, {1, 2})}}, {{"k", "v"}});
    const std::string json =
        "{\"__metadata__\":{\"k\":\"v\"},\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":"
        "[0,8]}}";
    const std::string padded = json + std::string((8 - json.size() % 8) % 8, ' ');
    CHECK(bytes_of_file(path) == file_of(padded, std::string("\0\0\xc0?\0\0\0\xc0", 8)));
    write_safetensors(path, {});
    CHECK(bytes_of_file(path) == file_of("{}      "));
    CHECK(read_safetensors(path).size() == 0);
}

TEST_CASE_FIXTURE(Fixture, "write_safetensors keeps dtypes, order, names and metadata") {
    write_safetensors(path, kMixed, {{"step", "12"}, {"", "\t"}});
    const std::string first = bytes_of_file(path);
    const SafetensorsFile file = read_safetensors(path);
    const NamedTensors tensors = file.tensors();
    REQUIRE(file.size() == kMixed.size());
    REQUIRE(tensors.size() == kMixed.size());
    for (std::size_t i = 0; i < kMixed.size(); ++i) {
        CHECK(file.entry(i).name == kMixed[i].first);
        CHECK(file.entry(i).shape == kMixed[i].second.shape());
        CHECK(tensors[i].first == kMixed[i].first);
        CHECK(str(describe(tensors[i].second)) == str(describe(kMixed[i].second)));
        CHECK(tensors[i].second.to_vector() == kMixed[i].second.to_vector());
    }
    CHECK(file.metadata == std::map<std::string, std::string>{{"step", "12"}, {"", "\t"}});
    write_safetensors(path, tensors, file.metadata);
    CHECK(bytes_of_file(path) == first);
    CHECK(file.at("w").shape() == Shape{2, 2});
    CHECK(file.contains("n"));
    CHECK(contains(message_of([&] { (void)file.at("v"); }),
                   "no tensor 'v'; expected one of: flag, w, n"));
}

// The reference implementation writes such files.
TEST_CASE_FIXTURE(Fixture, "the orders of header and data may differ") {
    const auto x =
        read(file_of("{\"b\":{\"data_offsets\":[1,2],\"shape\":[1],\"dtype\":\"U8\"},\"a\":{"
                     "\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,1]}}  ",
                     "\1\2"));
    CHECK(x.at("a").item() == 1);
    CHECK(x.at("b").item() == 2);
}

TEST_CASE_FIXTURE(Fixture, "read_safetensors throws on everything that the format forbids") {
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                               R"("a":{"dtype":"F32","shape":[0],"data_offsets":[8,8]})"),
                   "'a' occurs twice"));
    CHECK(contains(entry_error(R"({"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]})"),
                   "repeated key 'dtype' of tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2]})"), "is missing of tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]})"),
                   "unsupported dtype 'F8_E4M3' of tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"f32","shape":[2],"data_offsets":[0,8]})"),
                   "the format has no dtype 'f32' of tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F4","shape":[15],"data_offsets":[0,8]})"),
                   "15 elements of 4 bits of tensor 'a' end within a byte"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
                   "expected 12 bytes for F32 [3]"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
                   "data_offsets [8, 0]"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"),
                   "hole in the data before tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"),
                   "data after the last tensor"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})"),
                   "truncated: 8 bytes of data in '" + path + "'; expected 12"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                               R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]})"),
                   "overlap in the data before tensor 'b'"));
    CHECK(contains(
        entry_error(R"({"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]})"),
        "overflows"));
    CHECK(contains(
        entry_error(R"({"dtype":"F32","shape":[0,9223372036854775807,3],"data_offsets":[0,0]})"),
        "overflows"));
    CHECK(contains(
        entry_error(R"({"dtype":"F32","shape":[18446744073709551615],"data_offsets":[0,8]})"),
        "too large"));
    CHECK(contains(
        entry_error(R"({"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]})"),
        "a number beyond 2^64"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
                   "a negative number"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"),
                   "a fraction"));
    CHECK(
        contains(entry_error(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})"),
                 "more than 8 dimensions of tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4,8]})"),
                   "not a pair"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0]})"), "not a pair"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[[2]],"data_offsets":[0,8]})"),
                   "a list where"));
    CHECK(contains(entry_error("null"), "null where"));
    CHECK(contains(error_of(R"({"a\u0000\u001b[2J":1})"),
                   "near 'a??[2J' in '"));  // control characters never reach the terminal
    CHECK(contains(error_of(R"({"__metadata__":{"k":1}})"), "a number where"));
    CHECK(contains(error_of(R"({"__metadata__":{"k":"a","k":"b"}})"), "'k' occurs twice"));
    CHECK(contains(error_of(R"({"__metadata__":{},"__metadata__":{}})"),
                   "'__metadata__' occurs twice"));
    CHECK(contains(error_of("{\"a\":}"), "the JSON is wrong at byte"));
    CHECK(contains(error_of("{} {}"), "the JSON is wrong at byte"));
    CHECK(contains(error_of("{\"\xff\":{}}"), "the JSON is wrong at byte"));
    CHECK(contains(error_of(std::string("{}\0\0", 4)), "the JSON is wrong at byte 2"));
    CHECK(contains(error_of("[]"), "a list where"));
    CHECK(contains(error_of("x{}"), "the JSON is wrong at byte 0"));
    CHECK(contains(error_of("{" + std::string(100000, '[')), "a list where"));
    CHECK(contains(entry_error("{\"x\":" + std::string(100000, '[')), "nested more than 128"));
    CHECK(contains(error_of("{\"" + std::string(70000, 'n')), "a text of more than 65536 bytes"));
    std::string keys;
    for (int i = 0; i < 5000; ++i) keys += str(i == 0 ? "\"" : ",\"", i, "\":\"\"");
    CHECK(contains(error_of("{\"__metadata__\":{" + keys + "}}"), "more than 4096 metadata keys"));
    CHECK(contains(error_of(R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", "\x03"),
                   "a bool is stored as 3"));
}

TEST_CASE_FIXTURE(Fixture, "a file that ends too early is called truncated") {
    write_safetensors(path, kMixed);
    const std::string valid = bytes_of_file(path);
    std::size_t header = 0;
    for (int i = 7; i >= 0; --i)
        header = header * 256 + static_cast<unsigned char>(valid[static_cast<std::size_t>(i)]);
    const auto cut_to = [&](std::size_t length) {
        return message_of([&] { read(valid.substr(0, length)); });
    };
    CHECK(cut_to(5) == "read_safetensors: truncated: 5 bytes in '" + path +
                           "'; expected a safetensors file, which begins with a length of 8 bytes");
    CHECK(cut_to(100) == str("read_safetensors: truncated: 100 bytes in '", path, "'; expected ",
                             8 + header, " for the header alone"));
    CHECK(cut_to(valid.size() - 1) ==
          str("read_safetensors: truncated: ", valid.size() - header - 9, " bytes of data in '",
              path, "'; expected ", valid.size() - header - 8));
    CHECK(contains(message_of([&] { read(std::string(8, '\xff') + "{}"); }),
                   "no safetensors file: a header of 18446744073709551615 bytes in '"));
}

// The reference implementation accepts what is read here.
TEST_CASE_FIXTURE(Fixture, "unknown keys of a tensor, null metadata and padding are read") {
    const SafetensorsFile file = read(file_of(
        R"( {"__metadata__":null,"a":{"x":{"y":[1,-2.5e3,true,null,"\ud83d\ude00"]},"dtype":"U8",)"
        R"("shape":[1],"data_offsets":[0,1],"z":[]},"\u00e9\n":{"dtype":"U8","shape":[0],)"
        R"("data_offsets":[1,1]}})"
        "\n\t\r  ",
        "\7"));
    CHECK(file.metadata.empty());
    CHECK(file.at("a").item() == 7);
    CHECK(file.entry(1).name == "\xc3\xa9\n");
}

TEST_CASE_FIXTURE(Fixture, "texts and headers of any length are read") {
    // Longer than the window of the scanner, with characters and escapes at its borders.
    std::string text;
    for (int i = 0; text.size() < 300'000; ++i) text += str("\x1f\"\\\xf0\x9f\x98\x80\t/", i);
    NamedTensors tensors;
    for (int i = 0; i < 3000; ++i)
        tensors.emplace_back(str("layer.", i, ".weight"), full({i % 7, 300}, i, {.dtype = i64}));
    write_safetensors(path, tensors, {{"text", text}, {text.substr(0, 60'000), "long key"}});
    const SafetensorsFile file = read_safetensors(path);
    CHECK(file.metadata.at("text") == text);
    CHECK(file.metadata.at(text.substr(0, 60'000)) == "long key");
    REQUIRE(file.size() == tensors.size());
    for (int i = 0; i < 3000; i += 13) {
        const auto& [name, x] = tensors[static_cast<std::size_t>(i)];
        CHECK(file.entry(static_cast<std::size_t>(i)).name == name);
        CHECK(file.at(name).shape() == x.shape());
        CHECK(file.at(name).to_vector() == x.to_vector());
    }
    CHECK(contains(message_of([&] { (void)file.at("w"); }), "layer.99.weight, ..."));
}

TEST_CASE_FIXTURE(Fixture, "integers become i64, and their values stay") {
    CHECK(read_as("I8", "[2]", "\x80\x7f").to_vector() == std::vector<double>{-128, 127});
    CHECK(read_as("I16", "[2]", std::string("\xff\xff\x2c\1", 4)).to_vector() ==
          std::vector<double>{-1, 300});
    CHECK(read_as("U16", "[1]", "\xff\xff").to_vector() == std::vector<double>{65535});
    CHECK(read_as("I32", "[1]", std::string("\0\0\0\x80", 4)).item() == INT32_MIN);
    CHECK(read_as("U32", "[1]", "\xff\xff\xff\xff").item() == UINT32_MAX);
    const Tensor largest = read_as("U64", "[]", "\xff\xff\xff\xff\xff\xff\xff\x7f");
    CHECK(largest.dtype() == i64);
    CHECK(*largest.data<std::int64_t>() == INT64_MAX);
    CHECK(contains(message_of([&] { read_as("U64", "[]", std::string("\0\0\0\0\0\0\0\x80", 8)); }),
                   "an unsigned integer is 9223372036854775808 in '"));
}

TEST_CASE_FIXTURE(Fixture,
                  "a tensor that this library cannot hold is named, and skipped on request") {
    const SafetensorsFile file =
        read(file_of(R"({"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},)"
                     R"("f":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[1,3]},)"
                     R"("d":{"dtype":"U8","shape":[1,1,1,1,1,1,1,1,1],"data_offsets":[3,4]},)"
                     R"("c":{"dtype":"C64","shape":[1],"data_offsets":[4,12]},)"
                     R"("h":{"dtype":"F4","shape":[4],"data_offsets":[12,14]}})",
                     "12345678901234"));
    CHECK(file.size() == 5);
    CHECK(file.entry(1).type == "F8_E4M3");
    CHECK_FALSE(file.entry(1).dtype.has_value());
    CHECK(message_of([&] { (void)file.at("f"); }) ==
          "read_safetensors: unsupported dtype 'F8_E4M3' of tensor 'f' in '" + path +
              "'; expected floating-point numbers of 16, 32 or 64 bits, integers or BOOL");
    CHECK(
        contains(message_of([&] { (void)file.at("d"); }), "more than 8 dimensions of tensor 'd'"));
    CHECK(contains(message_of([&] { file.tensors(); }), "tensor 'f'"));
    const NamedTensors rest = file.tensors(SafetensorsFile::Unreadable::skip);
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].first == "a");
    CHECK(rest[0].second.item() == '1');
}

TEST_CASE_FIXTURE(Fixture, "an open file is read as it was, whatever takes its place") {
    write_safetensors(path, {{"a", tensor({1, 2})}});
    const SafetensorsFile file = read_safetensors(path);
    write_safetensors(path, {{"a", tensor({5, 6})}});
    CHECK(file.at("a").to_vector() == std::vector<double>{1, 2});
    CHECK(read_safetensors(path).at("a").to_vector() == std::vector<double>{5, 6});
    CHECK(SafetensorsFile().tensors().empty());
    CHECK(contains(message_of([] { (void)SafetensorsFile().at("a"); }), "expected one of: none"));
}

TEST_CASE_FIXTURE(Fixture, "a failed write leaves the old file alone") {
    write_safetensors(path, kMixed);
    const std::string before = bytes_of_file(path);
    const Tensor x = tensor({1});
    CHECK(contains(message_of([&] {
                       write_safetensors(path, {{"a", x}, {"a", x}});
                   }),
                   "given twice"));
    CHECK(contains(message_of([&] {
                       write_safetensors(path, {{"__metadata__", x}});
                   }),
                   "reserved"));
    CHECK(contains(message_of([&] { write_safetensors(path, {{"\xff", x}}); }), "UTF-8"));
    CHECK(contains(message_of([&] { write_safetensors(path, {{"a", Tensor()}}); }), "undefined"));
    CHECK(bytes_of_file(path) == before);
    CHECK(folder.names() == std::vector<std::string>{"x.safetensors"});
}

TEST_CASE_FIXTURE(Fixture, "damaged safetensors files never crash the reader") {
    write_safetensors(path, kMixed, {{"k", "v"}});
    fuzz_reader(
        path, bytes_of_file(path), [&] { read_safetensors(path).tensors(); }, 4000);
}
