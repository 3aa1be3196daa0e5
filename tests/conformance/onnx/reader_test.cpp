// The reader of ONNX files, and the lists of cases.
#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "tests/conformance/onnx/case.h"
#include "tests/conformance/onnx/model.h"
#include "tests/conformance/onnx/wire.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::conformance;
using namespace std::string_literals;

namespace {

std::string varint(std::uint64_t value) {
    std::string out;
    for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
    return out + static_cast<char>(value);
}
std::string key(std::uint32_t number, int wire) {
    return varint(number << 3 | static_cast<std::uint32_t>(wire));
}
std::string integer(std::uint32_t number, std::int64_t value) {
    return key(number, 0) + varint(static_cast<std::uint64_t>(value));
}
std::string bytes(std::uint32_t number, const std::string& value) {
    return key(number, 2) + varint(value.size()) + value;
}
template <class T> std::string raw(std::initializer_list<T> values) {
    std::string out(values.size() * sizeof(T), '\0');
    std::memcpy(out.data(), values.begin(), out.size());
    return out;
}
// A TensorProto of this type and these dims.
std::string tensor_proto(std::int64_t type, std::initializer_list<std::int64_t> dims,
                         const std::string& data) {
    std::string out;
    for (const std::int64_t extent : dims) out += integer(1, extent);
    return out + integer(2, type) + data;
}

std::string error_of(const std::string& tensor) {
    return test::message_of([&] { parse_tensor(tensor); });
}
std::string model_error_of(const std::string& model) {
    return test::message_of([&] { parse_model(model); });
}

// y = LeakyRelu(x, alpha = 0.5), followed by an If with a graph
std::string small_model() {
    const std::string attribute = bytes(1, "alpha") + key(2, 5) + raw({0.5f}) + integer(20, 1);
    const std::string node =
        bytes(1, "x") + bytes(2, "y") + bytes(4, "LeakyRelu") + bytes(5, attribute);
    const std::string branch =
        bytes(5, bytes(1, "then_branch") + bytes(6, bytes(12, bytes(1, "z"))));
    const std::string sequence_type = bytes(2, bytes(4, bytes(1, bytes(1, integer(1, 1)))));
    const std::string initializer = tensor_proto(1, {1}, bytes(9, raw({2.5f})) + bytes(8, "w"));
    const std::string inputs = bytes(11, bytes(1, "x") + bytes(2, bytes(1, integer(1, 16)))) +
                               bytes(11, bytes(1, "s") + sequence_type);
    const std::string graph = bytes(1, node) + bytes(1, bytes(4, "If") + branch) +
                              bytes(5, initializer) + inputs + bytes(12, bytes(1, "y"));
    return integer(1, 7) + bytes(7, graph) + bytes(8, bytes(1, "") + integer(2, 13));
}

}  // namespace

TEST_CASE("onnx reader: fields of every kind are read") {
    const std::string numbers_alone =
        integer(1, -1) + key(2, 5) + raw({1.5f}) + key(3, 1) + raw({2.5});
    const std::string message =
        numbers_alone + bytes(4, "four") + bytes(5, varint(3) + varint(300));
    WireReader reader(message, "Message");
    Field field;
    REQUIRE(reader.next(field));
    CHECK(field.integer() == -1);
    REQUIRE(reader.next(field));
    CHECK(field.real() == 1.5f);
    REQUIRE(reader.next(field));
    std::vector<double> reals;
    field.append_to(reals);
    CHECK(reals == std::vector{2.5});
    REQUIRE(reader.next(field));
    CHECK(field.bytes() == "four");
    CHECK(test::contains(test::message_of([&] { field.integer(); }),
                         "field 4 has wire type 2; expected a varint"));
    REQUIRE(reader.next(field));
    std::vector<std::int64_t> numbers;
    field.append_to(numbers);
    CHECK(numbers == std::vector<std::int64_t>{3, 300});
    CHECK_FALSE(reader.next(field));
}

TEST_CASE("onnx reader: damaged fields throw") {
    const auto error = [](const std::string& message) {
        return test::message_of([&] {
            WireReader reader(message, "Message");
            for (Field field; reader.next(field);) {}
        });
    };
    CHECK(error("\x08\x80") == "Message: ends within a number");
    CHECK(error("\x08" + std::string(9, '\xff') + "\x02") ==
          "Message: a number has more than 64 bits");
    CHECK(error("\x08" + std::string(9, '\xff') + "\x01") == "");
    CHECK(error("\x08" + std::string(10, '\x80') + "\x01") != "");
    CHECK(error("\x12\x05"
                "four") == "Message: field 2 claims 5 bytes; only 4 are left");
    CHECK(test::contains(error("\x12" + varint(UINT64_MAX) + "four"),
                         "claims 18446744073709551615 bytes; only 4 are left"));
    CHECK(error("\x0d\x01\x02\x03") == "Message: ends within a number of 4 bytes");
    CHECK(error("\x09\x01") == "Message: ends within a number of 8 bytes");
    CHECK(test::contains(error("\x0b"), "unknown wire type 3"));
    CHECK(test::contains(error("\x00"s), "no field can have number 0"));
}

TEST_CASE("onnx reader: tensors of every type are read, in both ways of storing them") {
    const auto values = [](const std::string& tensor) { return parse_tensor(tensor).to_vector(); };
    using Values = std::vector<double>;
    CHECK(values(tensor_proto(1, {2}, bytes(9, raw({1.5f, -2.0f})))) == Values{1.5, -2});
    CHECK(values(tensor_proto(1, {2}, bytes(4, raw({1.5f, -2.0f})))) == Values{1.5, -2});
    CHECK(values(tensor_proto(11, {1}, bytes(10, raw({0.1})))) == Values{0.1});
    CHECK(values(tensor_proto(2, {2}, bytes(5, varint(7) + varint(255)))) == Values{7, 255});
    CHECK(values(tensor_proto(3, {2}, bytes(9, "\xff\x7f"))) == Values{-1, 127});
    CHECK(values(tensor_proto(6, {1}, integer(5, -5))) == Values{-5});
    CHECK(values(tensor_proto(7, {1}, integer(7, INT64_MIN))) ==
          Values{static_cast<double>(INT64_MIN)});
    CHECK(values(tensor_proto(9, {2}, bytes(9, "\x01\x00"s))) == Values{1, 0});
    CHECK(values(tensor_proto(12, {1}, bytes(9, raw({4000000000u})))) == Values{4e9});
    CHECK(values(tensor_proto(13, {1}, integer(11, 5))) == Values{5});
    CHECK(values(tensor_proto(16, {1}, bytes(9, raw<std::uint16_t>({0x3f80})))) == Values{1});
    CHECK(parse_tensor(tensor_proto(4, {1}, bytes(9, raw<std::uint16_t>({0x3f80}))), 16).dtype() ==
          bf16);
    CHECK(parse_tensor(tensor_proto(1, {}, bytes(9, raw({3.0f})))).shape() == Shape{});
    CHECK(parse_tensor(tensor_proto(1, {2, 0}, "")).shape() == Shape{2, 0});
    // smallest subnormal, largest, 1/3 rounded, negative zero, infinity
    const Values halves = values(tensor_proto(
        10, {5}, bytes(9, raw<std::uint16_t>({0x0001, 0x7bff, 0x3555, 0x8000, 0x7c00}))));
    CHECK(halves == Values{std::ldexp(1.0, -24), 65504, 0.333251953125, 0, INFINITY});
    CHECK(std::signbit(halves[3]));
    CHECK(std::isnan(values(tensor_proto(10, {1}, bytes(9, raw<std::uint16_t>({0x7e00}))))[0]));
}

TEST_CASE("onnx reader: tensors that contradict their own header throw") {
    CHECK(test::contains(error_of(tensor_proto(1, {3}, bytes(9, raw({1.0f, 2.0f})))),
                         "holds 2 elements (8 bytes); expected 3 for shape [3]"));
    CHECK(test::contains(error_of(tensor_proto(1, {INT64_MAX, INT64_MAX}, bytes(9, raw({1.0f})))),
                         "negative or overflows"));
    CHECK(test::contains(error_of(tensor_proto(1, {1 << 30, 1 << 20}, bytes(9, raw({1.0f})))),
                         "holds 1 elements"));
    CHECK(test::contains(error_of(tensor_proto(1, {-1}, "")), "negative or overflows"));
    CHECK(test::contains(
        error_of(tensor_proto(1, {1, 1, 1, 1, 1, 1, 1, 1, 1}, bytes(9, raw({1.0f})))),
        "has 9 dimensions; expected at most 8"));
    CHECK(test::contains(error_of(tensor_proto(1, {1}, bytes(4, "abc"))),
                         "take 3; expected a multiple"));
    CHECK(
        test::contains(error_of(tensor_proto(9, {1}, bytes(9, "\x02"))), "a bool is stored as 2"));
    CHECK(test::contains(error_of(tensor_proto(2, {1}, integer(5, 256))),
                         "out of its type's range; got 256"));
    CHECK(test::contains(error_of(tensor_proto(13, {1}, bytes(9, raw({UINT64_MAX})))),
                         "does not fit i64"));
    CHECK(test::contains(error_of(tensor_proto(8, {1}, bytes(6, "text"))), "field 6 is not read"));
    CHECK(test::contains(error_of(tensor_proto(14, {1}, "")), "element type 14"));
    CHECK(test::contains(error_of(tensor_proto(1, {1}, integer(14, 1))), "data in another file"));
}

TEST_CASE("onnx reader: a model is read, and what is wrong with one is said") {
    const Model model = parse_model(small_model());
    CHECK(model.opset.at("") == 13);
    REQUIRE(model.graph.nodes.size() == 2);
    const Node& node = model.graph.nodes[0];
    CHECK(node.op == "LeakyRelu");
    CHECK(node.inputs == std::vector<std::string>{"x"});
    CHECK(node.attributes.at("alpha").real == 0.5f);
    CHECK(model.graph.nodes[1].attributes.at("then_branch").graph->outputs.at(0).name == "z");
    CHECK(model.graph.initializers.at(0).first == "w");
    CHECK(model.graph.initializers.at(0).second.item() == 2.5);
    CHECK(model.graph.inputs.at(0).element_type == 16);
    CHECK(model.graph.inputs.at(1).is_sequence);

    CHECK(test::contains(model_error_of(""), "has no graph"));
    CHECK(test::contains(model_error_of(bytes(7, "") + bytes(25, "")), "functions"));
    std::string nested = bytes(12, bytes(1, "z"));
    for (int i = 0; i < 40; ++i)
        nested = bytes(1, bytes(4, "If") + bytes(5, bytes(1, "then_branch") + bytes(6, nested)));
    CHECK(test::contains(model_error_of(bytes(7, nested)), "nested more than 16 deep"));
}

TEST_CASE("onnx reader: damaged bytes give an error or another model, and are never read past") {
    const std::string valid = small_model();
    for (std::size_t length = 0; length < valid.size(); ++length) {
        // A separate allocation, so that a sanitizer guards its end.
        const std::string part = valid.substr(0, length);
        test::message_of([&] { parse_model(part); });
    }
    std::mt19937 random(1);
    int failures = 0;
    for (int i = 0; i < 5000; ++i) {
        std::string damaged = valid;
        for (auto n = 1 + random() % 3; n > 0; --n)
            damaged[random() % damaged.size()] = static_cast<char>(random());
        failures += !model_error_of(damaged).empty();
    }
    CHECK(failures > 500);
}

TEST_CASE("onnx case lists: a case that is missing, unlisted or listed twice is an error") {
    const test::TempFolder folder;
    test::put(folder / "cases.txt", "a/one\na/two\n");
    test::put(folder / "quarantine.txt", "# comment\na/three: wrong upstream\n");
    test::put(folder / "out_of_scope.txt", "a/str*: strings\n");
    test::put(folder / "rounded.txt", "");
    const CaseLists lists(folder.path().string());
    CHECK(check_lists(lists, {"a/one", "a/str1", "a/three", "a/two"}).empty());
    const auto only_error = [&](std::vector<std::string> on_disk) {
        const std::vector<std::string> wrong = check_lists(lists, on_disk);
        return wrong.size() == 1 ? wrong[0] : str(wrong.size(), " errors");
    };
    CHECK(only_error({"a/one", "a/str1", "a/three"}) ==
          "a/two is listed in cases.txt, but missing on disk");
    CHECK(only_error({"a/one", "a/str1", "a/two"}) ==
          "a/three is listed in quarantine.txt, but missing on disk");
    CHECK(only_error({"a/one", "a/three", "a/two"}) ==
          "a/str* in out_of_scope.txt matches nothing on disk");
    CHECK(only_error({"a/new", "a/one", "a/str1", "a/three", "a/two"}) ==
          "a/new is on disk, but in no list: cases.txt, quarantine.txt or out_of_scope.txt");
    test::put(folder / "cases.txt", "a/two\na/one\n");
    CHECK(check_lists(CaseLists(folder.path().string()), {"a/one", "a/str1", "a/three", "a/two"})
              .at(0) == "cases.txt is not in order, or names a case twice");
    test::put(folder / "quarantine.txt", "a/three\n");
    CHECK(test::contains(test::message_of([&] { CaseLists(folder.path().string()); }),
                         "has no reason; got 'a/three'"));
}
