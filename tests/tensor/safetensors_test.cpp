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
    std::string error_of(const std::string& json, const std::string& data = "") const {
        const std::string message = message_of([&] { read(file_of(json, data)); });
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
    CHECK(read_safetensors(path).tensors.empty());
}

TEST_CASE_FIXTURE(Fixture, "write_safetensors keeps dtypes, order, names and metadata") {
    write_safetensors(path, kMixed, {{"step", "12"}, {"", "\t"}});
    const std::string first = bytes_of_file(path);
    const SafetensorsFile file = read_safetensors(path);
    REQUIRE(file.tensors.size() == kMixed.size());
    for (std::size_t i = 0; i < kMixed.size(); ++i) {
        CHECK(file.tensors[i].first == kMixed[i].first);
        CHECK(str(describe(file.tensors[i].second)) == str(describe(kMixed[i].second)));
        CHECK(file.tensors[i].second.to_vector() == kMixed[i].second.to_vector());
    }
    CHECK(file.metadata == std::map<std::string, std::string>{{"step", "12"}, {"", "\t"}});
    write_safetensors(path, file.tensors, file.metadata);
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
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":1})"),
                   "unknown key 'x'"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2]})"), "is missing of tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F8_E4M3","shape":[8],"data_offsets":[0,8]})"),
                   "unsupported dtype 'F8_E4M3' of tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[3],"data_offsets":[0,8]})"),
                   "expected 12 bytes for f32 [3]"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[8,0]})"),
                   "data_offsets [8, 0]"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[1],"data_offsets":[4,8]})"),
                   "hole in the data before tensor 'a'"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[1],"data_offsets":[0,4]})"),
                   "data after the last tensor"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[3],"data_offsets":[0,12]})"),
                   "truncated data: 8 bytes"));
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
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[-2],"data_offsets":[0,8]})"),
                   "a negative number"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2.0],"data_offsets":[0,8]})"),
                   "a fraction"));
    CHECK(
        contains(entry_error(R"({"dtype":"F32","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,8]})"),
                 "more than 8 dimensions"));
    CHECK(contains(entry_error(R"({"dtype":"F32","shape":[2],"data_offsets":[0,4,8]})"),
                   "a number where"));
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
    CHECK(contains(error_of(" {}"), "does not begin with '{'"));
    CHECK(contains(error_of("[]"), "does not begin with '{'"));
    CHECK(contains(error_of("{" + std::string(100000, '[')), "the JSON is wrong"));
    CHECK(contains(error_of(R"({"a":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]}})", "\x03"),
                   "a bool is stored as 3"));
}

TEST_CASE_FIXTURE(Fixture, "a header length beyond the file allocates nothing") {
    const std::string huge(8, '\xff');
    CHECK(contains(message_of([&] { read(huge + "{}"); }),
                   "header of 18446744073709551615 bytes in '"));
    CHECK(contains(message_of([&] { read("{}"); }), "too short"));
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
        path, bytes_of_file(path), [&] { read_safetensors(path); }, 4000);
}
