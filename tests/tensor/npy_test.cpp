#include "tensor/io/npy.h"

#include "tensor/create.h"
#include "tensor/raw_copy.h"
#include "tests/files.h"

using namespace eps;
using namespace eps::test;

namespace {

// An .npy file built by hand, padded to a multiple of 64 bytes as by numpy.save.
std::string npy(std::string dictionary, const std::string& data, char version = 1) {
    const std::size_t length_bytes = version == 1 ? 2 : 4;
    const std::size_t used = 8 + length_bytes + dictionary.size() + 1;
    dictionary += std::string(64 - used % 64, ' ') + "\n";
    std::string length;
    for (std::size_t i = 0; i < length_bytes; ++i)
        length += static_cast<char>(dictionary.size() >> (8 * i));
    return std::string("\x93NUMPY") + version + '\0' + length + dictionary + data;
}

std::string dictionary(const std::string& descr, const std::string& shape,
                       const char* fortran = "False") {
    return "{'descr': '" + descr + "', 'fortran_order': " + fortran + ", 'shape': " + shape + ", }";
}

template <class T> std::string bytes_of(std::initializer_list<T> values) {
    return {reinterpret_cast<const char*>(values.begin()), values.size() * sizeof(T)};
}

struct Fixture {
    TempFolder folder;
    std::string path = folder / "x.npy";
    Tensor read(const std::string& bytes) const {
        put(path, bytes);
        return read_npy(path);
    }
    std::string error_of(const std::string& bytes) const {
        const std::string message = message_of([&] { read(bytes); });
        CHECK(contains(message, "read_npy: "));
        CHECK(contains(message, "'" + path + "'"));
        return message;
    }
};

}  // namespace

TEST_CASE_FIXTURE(Fixture, "write_npy writes the bytes of numpy.save") {
    // b = io.BytesIO(); numpy.save(b, numpy.array([[1.5, -2]], 'f4')); print(b.getvalue())
    write_npy(path, tensor({1.5, -2}, {1, 2}));
    CHECK(bytes_of_file(path) == std::string("\x93NUMPY\x01\0v\0", 10) +
                                     "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }" +
                                     std::string(58, ' ') + "\n" +
                                     std::string("\0\0\xc0?\0\0\0\xc0", 8));
    // the same for numpy.array([3], 'i8')
    write_npy(path, tensor({3}, {1}, {.dtype = i64}));
    CHECK(bytes_of_file(path) == std::string("\x93NUMPY\x01\0v\0", 10) +
                                     "{'descr': '<i8', 'fortran_order': False, 'shape': (1,), }" +
                                     std::string(60, ' ') + "\n" +
                                     std::string("\3\0\0\0\0\0\0\0", 8));
    // and for numpy.array([0.1, -65504], 'f2')
    write_npy(path, tensor({0.1, -65504}, {2}, {.dtype = f16}));
    CHECK(bytes_of_file(path) == std::string("\x93NUMPY\x01\0v\0", 10) +
                                     "{'descr': '<f2', 'fortran_order': False, 'shape': (2,), }" +
                                     std::string(60, ' ') + "\n" + std::string("f.\xff\xfb", 4));
    CHECK(folder.names() == std::vector<std::string>{"x.npy"});
}

TEST_CASE_FIXTURE(Fixture, "what write_npy writes, read_npy reads back") {
    for (const DType dtype : {f16, f32, f64, i64, u8, boolean})
        for (const Shape& shape :
             {Shape{}, Shape{6}, Shape{2, 3}, Shape{0, 4}, Shape{1, 1, 2, 1, 3, 1, 1, 1}}) {
            const Tensor x = raw::to(
                numel(shape) == 6 ? tensor({0, 1, 2, 3, 250, 0}, shape) : full(shape, 1), dtype);
            write_npy(path, x);
            const Tensor y = read_npy(path);
            CHECK(y.dtype() == dtype);
            CHECK(y.shape() == shape);
            CHECK(y.to_vector() == x.to_vector());
        }
    const Tensor x = tensor({1, 2, 3, 4, 5, 6}, {2, 3});
    write_npy(path, x.as_strided({3, 2}, {1, 3}, 0));  // a view is written row-major
    CHECK(read_npy(path).to_vector() == std::vector<double>{1, 4, 2, 5, 3, 6});
}

TEST_CASE_FIXTURE(Fixture, "read_npy reads all versions and both orders, and widens integers") {
    const std::string six = bytes_of<double>({1, 4, 2, 5, 3, 6});
    for (const char version : {'\1', '\2', '\3'}) {
        const Tensor x = read(npy(dictionary("<f8", "(2, 3)", "True"), six, version));
        CHECK(x.shape() == Shape{2, 3});
        CHECK(x.strides() == Strides{1, 2});
        CHECK(x.to_vector() == std::vector<double>{1, 2, 3, 4, 5, 6});
    }
    CHECK(read(npy(dictionary("<i4", "(3,)"), bytes_of<std::int32_t>({-1, 2, INT32_MIN})))
              .to_vector() == std::vector<double>{-1, 2, INT32_MIN});
    CHECK(read(npy(dictionary("<i2", "(2,)"), bytes_of<std::int16_t>({-1, 300}))).to_vector() ==
          std::vector<double>{-1, 300});
    CHECK(read(npy(dictionary("|i1", "(2,)"), bytes_of<std::int8_t>({-128, 127}))).to_vector() ==
          std::vector<double>{-128, 127});
    CHECK(read(npy(dictionary("<u4", "(2, 1)"), bytes_of<std::uint32_t>({1, UINT32_MAX})))
              .to_vector() == std::vector<double>{1, UINT32_MAX});
    CHECK(read(npy(dictionary("<i4", "(1,)"), bytes_of<std::int32_t>({7}))).dtype() == i64);
    CHECK(read(npy(dictionary("<u8", "(1,)"), bytes_of<std::uint64_t>({INT64_MAX}))).dtype() ==
          i64);
    CHECK(read(npy("{\"shape\":(),'fortran_order':False,'descr':\"<f4\"}", bytes_of<float>({2})))
              .item() == 2);
}

// NumPy 2 reads all of these.
TEST_CASE_FIXTURE(Fixture, "read_npy reads both byte orders, no order, '=', and Python 2's longs") {
    CHECK(read(npy(dictionary(">f4", "(1,)"), std::string("\x3f\xc0\0\0", 4))).item() == 1.5);
    CHECK(read(npy(dictionary(">i2", "(2,)"), std::string("\xff\xfe\1\x2c", 4))).to_vector() ==
          std::vector<double>{-2, 300});
    CHECK(read(npy(dictionary(">u1", "(1,)"), "\x7")).item() == 7);
    CHECK(read(npy(dictionary("=f4", "(1,)"), bytes_of<float>({2}))).item() == 2);
    CHECK(read(npy(dictionary("f4", "(1,)"), bytes_of<float>({2}))).item() == 2);
    const std::string longs = dictionary("<f4", "(1L, 2L)"), two = bytes_of<float>({1, 2});
    for (const char version : {'\1', '\2'})
        CHECK(read(npy(longs, two, version)).shape() == Shape{1, 2});
    CHECK(contains(error_of(npy(longs, two, 3)), "'shape' lacks a ','"));
}

TEST_CASE_FIXTURE(Fixture, "read_npy throws on everything else, and says what is wrong") {
    CHECK(contains(error_of(npy(dictionary("|O", "(1,)"), "xxxxxxxx")), "object elements"));
    CHECK(contains(error_of(npy(dictionary("<c8", "(1,)"), "xxxxxxxx")),
                   "unsupported element type '<c8'"));
    CHECK(contains(error_of(npy(dictionary("", "(1,)"), "xx")), "unsupported element type ''"));
    CHECK(contains(error_of(npy(dictionary("<u8", "(1,)"), std::string(8, '\xff'))),
                   "an unsigned integer is 18446744073709551615"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(1,)") + std::string(10'000, ' '), "xxxx")),
                   "expected at most 10000"));
    CHECK(contains(
        error_of(npy("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,), }", "xxxx")),
        "structured elements"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(2,)"), "xxxx")), "truncated data: 4 bytes"));
    CHECK(
        contains(error_of(npy(dictionary("<f4", "(1,)"), "xxxxx")), "data after the last element"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(4294967296, 4294967296)"), "xxxx")),
                   "overflows"));
    CHECK(contains(
        error_of(npy(dictionary("<f4", "(0, 4611686018427387904, 4611686018427387904)"), "")),
        "overflows"));
    CHECK(contains(error_of(npy(dictionary("|u1", "(1000000000000,)"), "x")),
                   "truncated data: 1 bytes"));
    CHECK(
        contains(error_of(npy(dictionary("<f4", "(99999999999999999999,)"), "xxxx")), "too large"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(-1,)"), "xxxx")), "not a number >= 0"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(1)"), "xxxx")), "not a tuple"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(1 1)"), "xxxx")), "lacks a ','"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(1,1,1,1,1,1,1,1,1)"), "xxxx")),
                   "too many dimensions"));
    CHECK(contains(error_of(npy("[1, 2]", "")), "not a dictionary; got \"[1, 2]\""));
    CHECK(contains(error_of(npy("{'descr': '<f4', 'descr': '<f4'}", "")), "repeated key 'descr'"));
    CHECK(contains(error_of(npy("{'descr': '<f4', 'fortran_order': False}", "")), "lacks"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(1,)") + "; import os", "xxxx")),
                   "continues after"));
    CHECK(contains(error_of(npy(dictionary("|b1", "(1,)"), "\x02")), "a bool is stored as 2"));
    CHECK(contains(error_of(npy(dictionary("<f4", "(1,)"), "xxxx", 4)), "version 4.0"));
    CHECK(contains(error_of("PK\3\4 a zip archive"), "no .npy signature"));
    CHECK(contains(error_of(""), "truncated: 0 bytes"));
    const std::string valid = npy(dictionary("<f4", "(1,)"), "xxxx");
    CHECK(contains(error_of(valid.substr(0, 9)), "truncated: 9 bytes"));
    CHECK(error_of(valid.substr(0, 100)) ==
          "read_npy: truncated: 100 bytes in '" + path + "'; expected 128 for the header alone");
}

TEST_CASE_FIXTURE(Fixture, "files that cannot be opened or written are errors that name the path") {
    CHECK(contains(message_of([&] { read_npy(folder / "none.npy"); }), "none.npy': No such file"));
    CHECK(contains(message_of([&] { read_npy(folder.path().string()); }), "is a folder"));
    CHECK(contains(message_of([&] { write_npy(path, tensor({1}, {}, {.dtype = bf16})); }),
                   "hint: to(x, f32)"));
    CHECK(contains(message_of([&] { write_npy(folder / "no/such/x.npy", tensor({1})); }),
                   "cannot create"));
    CHECK(contains(message_of([&] { write_npy(folder.path().string(), tensor({1})); }),
                   "is a folder"));
    CHECK(contains(message_of([&] { write_npy("/dev/null", tensor({1})); }), "is a device"));
    CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE_FIXTURE(Fixture, "damaged npy files never crash the reader") {
    const auto read_it = [&] { read_npy(path); };
    fuzz_reader(path, npy(dictionary("<f4", "(2, 3)"), bytes_of<float>({1, 2, 3, 4, 5, 6})),
                read_it, 4000);
    fuzz_reader(path, npy(dictionary("<i2", "(3,)", "True"), bytes_of<std::int16_t>({1, 2, 3}), 2),
                read_it, 2000);
}
