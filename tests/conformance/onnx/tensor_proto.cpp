// TensorProto: elements of sixteen types, each in raw bytes or in a repeated field of numbers.
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "tensor/create.h"
#include "tensor/io/stored_elements.h"
#include "tests/conformance/onnx/model.h"
#include "tests/conformance/onnx/wire.h"

namespace eps::conformance {
namespace {

// TensorProto.DataType without strings (8) and complex numbers (14, 15).
enum Type {
    kFloat = 1,
    kUint8,
    kInt8,
    kUint16,
    kInt16,
    kInt32,
    kInt64,
    kBool = 9,
    kFloat16,
    kDouble,
    kUint32,
    kUint64,
    kBfloat16 = 16
};

struct TensorFields {
    std::vector<std::int64_t> dims;
    std::int64_t type = 0;
    std::vector<float> floats;
    std::vector<double> doubles;
    std::vector<std::int64_t> integers;  // int32_data or int64_data
    std::vector<std::uint64_t> naturals;
    std::string_view raw;
    bool has_raw = false;
};

TensorFields read_fields(std::string_view bytes) {
    TensorFields t;
    WireReader reader(bytes, "TensorProto");
    for (Field field; reader.next(field);) switch (field.number()) {
            case 1: field.append_to(t.dims); break;
            case 2: t.type = field.integer(); break;
            case 4: field.append_to(t.floats); break;
            case 5:
            case 7: field.append_to(t.integers); break;
            case 9:
                t.raw = field.bytes();
                t.has_raw = true;
                break;
            case 10: field.append_to(t.doubles); break;
            case 11: field.append_to(t.naturals); break;
            case 8:
            case 12: break;  // its name and documentation
            case 14:
                check(field.integer() == 0, "TensorProto", "data in another file are not read");
                break;
            default:
                fail("TensorProto", "field ", field.number(),
                     " is not read (strings, segments and external data are not)");
        }
    return t;
}

template <class Stored> Stored stored_at(std::string_view raw, std::size_t i) {
    Stored value;
    std::memcpy(&value, raw.data() + i * sizeof(Stored), sizeof(Stored));
    return value;
}

template <class Stored, class Number> Stored narrowed(Number number) {
    const auto stored = static_cast<Stored>(number);
    if constexpr (std::is_integral_v<Number>)
        check(static_cast<Number>(stored) == number, "TensorProto",
              "an element is out of its type's range; got ", number);
    return stored;
}

// A tensor of `Ours`, whose elements are converted from `Stored` ones: raw bytes, or the repeated
// field `numbers`.
template <class Stored, class Ours, class Numbers, class Convert>
Tensor decode(const TensorFields& t, const Shape& shape, const std::vector<Numbers>& numbers,
              Convert convert_element) {
    const auto wanted = byte_count(shape, sizeof(Stored));
    check(wanted.has_value() && byte_count(shape, 8), "TensorProto", "shape ", shape,
          " is negative or overflows");
    const std::uint64_t count = *wanted / sizeof(Stored);
    const std::uint64_t held = t.has_raw ? t.raw.size() : numbers.size() * sizeof(Stored);
    check(held == *wanted, "TensorProto", "holds ", held / sizeof(Stored), " elements (", held,
          " bytes); expected ", count, " for shape ", shape);
    Tensor out = empty(shape, {.dtype = dtype_of<Ours>});
    Ours* const data = out.data<Ours>();
    for (std::size_t i = 0; i < count; ++i)
        data[i] =
            convert_element(t.has_raw ? stored_at<Stored>(t.raw, i) : narrowed<Stored>(numbers[i]));
    return out;
}

template <class Stored> Tensor decode_integers(const TensorFields& t, const Shape& shape) {
    return decode<Stored, std::int64_t>(t, shape, t.integers,
                                        [](Stored x) { return static_cast<std::int64_t>(x); });
}

std::int64_t widened(std::uint64_t x) {
    check(x <= INT64_MAX, "TensorProto", "an unsigned number does not fit i64; got ", x);
    return static_cast<std::int64_t>(x);
}

bool truth(std::uint8_t x) {
    check(x <= 1, "TensorProto", "a bool is stored as ", static_cast<int>(x), "; expected 0 or 1");
    return x == 1;
}

template <class Half> Half of_bits(std::uint16_t bits) {
    Half value;
    value.bits = bits;
    return value;
}

}  // namespace

Tensor parse_tensor(std::string_view bytes, std::int64_t declared_type) {
    TensorFields t = read_fields(bytes);
    if (declared_type == kBfloat16 && t.type == kUint16) t.type = kBfloat16;
    check(t.dims.size() <= kMaxRank, "TensorProto", "has ", t.dims.size(),
          " dimensions; expected at most ", kMaxRank);
    const Shape shape(t.dims);
    switch (t.type) {
        case kFloat: return decode<float, float>(t, shape, t.floats, [](float x) { return x; });
        case kDouble:
            return decode<double, double>(t, shape, t.doubles, [](double x) { return x; });
        case kUint8:
            return decode<std::uint8_t, std::uint8_t>(t, shape, t.integers,
                                                      [](std::uint8_t x) { return x; });
        case kBool: return decode<std::uint8_t, bool>(t, shape, t.integers, truth);
        case kInt8: return decode_integers<std::int8_t>(t, shape);
        case kInt16: return decode_integers<std::int16_t>(t, shape);
        case kUint16: return decode_integers<std::uint16_t>(t, shape);
        case kInt32: return decode_integers<std::int32_t>(t, shape);
        case kInt64: return decode_integers<std::int64_t>(t, shape);
        case kUint32:
            return decode<std::uint32_t, std::int64_t>(
                t, shape, t.naturals, [](std::uint32_t x) { return std::int64_t{x}; });
        case kUint64: return decode<std::uint64_t, std::int64_t>(t, shape, t.naturals, widened);
        case kFloat16:
            return decode<std::uint16_t, float16>(t, shape, t.integers, of_bits<float16>);
        case kBfloat16:
            return decode<std::uint16_t, bfloat16>(t, shape, t.integers, of_bits<bfloat16>);
        default:
            fail("TensorProto", "element type ", t.type,
                 " is not one of the numeric types that are read (1 to 7, 9 to 13, 16)");
    }
}

DType dtype_of_onnx(std::int64_t type) {
    switch (type) {
        case kFloat: return f32;
        case kDouble: return f64;
        case kUint8: return u8;
        case kBool: return boolean;
        case kFloat16: return f16;
        case kBfloat16: return bf16;
        case kInt8:
        case kInt16:
        case kInt32:
        case kInt64:
        case kUint16:
        case kUint32:
        case kUint64: return i64;
        default: fail("onnx", "element type ", type, " has no dtype here");
    }
}

}  // namespace eps::conformance
