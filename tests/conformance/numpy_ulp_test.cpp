// NumPy's tables for elementary functions: inputs, correctly rounded results, and by how many
// floating-point numbers a result may differ (umath-validation-set-*.csv in Debian's python3-numpy,
// whose README.txt describes the format).
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "tensor/create.h"

namespace {

using eps::Tensor;

const std::string folder = "/usr/lib/python3/dist-packages/numpy/core/tests/data/";

struct Table {
    const char* name;  // NumPy's
    Tensor (*op)(const Tensor&);
    std::size_t count32, count64;  // lines for f32 and f64
};
// clang-format off
#define EPS_TABLE(name, op, count32, count64) \
    { #name, [](const Tensor& x) { return eps::op(x); }, count32, count64 }
const Table tables[] = {
    EPS_TABLE(arccos, acos, 714, 714),
    EPS_TABLE(arccosh, acosh, 714, 714),
    EPS_TABLE(arcsin, asin, 714, 714),
    EPS_TABLE(arcsinh, asinh, 714, 714),
    EPS_TABLE(arctan, atan, 714, 714),
    EPS_TABLE(arctanh, atanh, 714, 714),
    EPS_TABLE(cbrt, cbrt, 714, 714),
    EPS_TABLE(cos, cos, 660, 710),
    EPS_TABLE(cosh, cosh, 714, 714),
    EPS_TABLE(exp, exp, 129, 238),
    EPS_TABLE(exp2, exp2, 714, 714),
    EPS_TABLE(expm1, expm1, 714, 714),
    EPS_TABLE(log, log, 113, 147),
    EPS_TABLE(log10, log10, 814, 814),
    EPS_TABLE(log1p, log1p, 714, 714),
    EPS_TABLE(log2, log2, 814, 814),
    EPS_TABLE(sin, sin, 655, 710),
    EPS_TABLE(sinh, sinh, 714, 714),
    EPS_TABLE(tan, tan, 714, 714),
    EPS_TABLE(tanh, tanh, 714, 714),
};
// clang-format on
#undef EPS_TABLE

// The lines of a table for one dtype. Floating-point numbers are given by their bits.
struct Lines {
    std::vector<std::uint64_t> input, expected;
    std::vector<std::uint64_t> limit;  // in ULP
};

// Reads lines like "np.float32,0x3f800000,0x3f800000,2". All but comments and the heading must have
// this form.
void read(const std::string& path, Lines& lines32, Lines& lines64) {
    std::ifstream file(path);
    REQUIRE_MESSAGE(file, path);
    for (std::string line; std::getline(file, line);) {
        if (line.empty() || line[0] == '#' || line == "dtype,input,output,ulperrortol") continue;
        const bool single = line.starts_with("np.float32,");
        REQUIRE_MESSAGE((single || line.starts_with("np.float64,")), path, ": ", line);
        Lines& lines = single ? lines32 : lines64;
        char* at = line.data() + std::strlen("np.float32");
        for (auto* column : {&lines.input, &lines.expected, &lines.limit}) {
            REQUIRE_MESSAGE(*at == ',', path, ": ", line);
            column->push_back(std::strtoull(at + 1, &at, 0));
        }
    }
}

template <class T> using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
template <class T> T from_bits(std::uint64_t bits) {
    return __builtin_bit_cast(T, static_cast<Bits<T>>(bits));
}

// The rank of x among all floats: neighbours differ by one, and both zeros have rank 0.
template <class T> std::int64_t rank_of(T x) {
    constexpr Bits<T> sign = Bits<T>{1} << (8 * sizeof(T) - 1);
    const auto bits = __builtin_bit_cast(Bits<T>, x);
    const auto magnitude = static_cast<std::int64_t>(bits & ~sign);
    return bits & sign ? -magnitude : magnitude;
}

template <class T> bool within(T got, T expected, std::uint64_t limit) {
    if (std::isnan(expected)) return std::isnan(got);
    if (std::isinf(expected) || expected == 0)
        return got == expected && std::signbit(got) == std::signbit(expected);
    return std::isfinite(got) &&
           std::abs(rank_of(got) - rank_of(expected)) <= static_cast<std::int64_t>(limit);
}

// Puts `chunk(i)` lines into the i-th tensor.
template <class T, class Chunk> void check(const Table& table, const Lines& lines, Chunk chunk) {
    std::size_t begin = 0;
    for (std::size_t i = 0; begin < lines.input.size(); ++i) {
        const std::size_t n = std::min<std::size_t>(chunk(i), lines.input.size() - begin);
        Tensor x = eps::empty({static_cast<std::int64_t>(n)}, {.dtype = eps::dtype_of<T>});
        for (std::size_t j = 0; j < n; ++j) x.data<T>()[j] = from_bits<T>(lines.input[begin + j]);
        const Tensor y = table.op(x);
        for (std::size_t j = 0; j < n; ++j) {
            const T expected = from_bits<T>(lines.expected[begin + j]), got = y.data<T>()[j];
            CHECK_MESSAGE(within(got, expected, lines.limit[begin + j]), table.name, " of ",
                          x.data<T>()[j], ": ", got, ", expected ", expected, " within ",
                          lines.limit[begin + j], " ULP");
        }
        begin += n;
    }
}

template <class T> void check_all(const Table& table, const Lines& lines) {
    // All at once for the vector loop, and in small parts for its remainder loop.
    check<T>(table, lines, [&](std::size_t) { return lines.input.size(); });
    check<T>(table, lines, [](std::size_t i) { return std::size_t{1} + i % 17; });
}

}  // namespace

TEST_CASE("elementary functions are within the ULPs of NumPy's tables") {
    if (!std::filesystem::exists(folder)) {
        MESSAGE("skipped: " << folder << " is not there (Debian's python3-numpy)");
        return;
    }
    std::size_t total32 = 0;
    for (const Table& table : tables) {
        Lines lines32, lines64;
        read(folder + "umath-validation-set-" + table.name + ".csv", lines32, lines64);
        CHECK_MESSAGE(lines32.input.size() == table.count32, table.name);
        CHECK_MESSAGE(lines64.input.size() == table.count64, table.name);
        check_all<float>(table, lines32);
        check_all<double>(table, lines64);
        total32 += lines32.input.size();
    }
    CHECK(total32 == 13181);
    const auto files = std::count_if(
        std::filesystem::directory_iterator(folder), {},
        [](const std::filesystem::directory_entry& file) {
            return file.path().extension() == ".csv" &&
                   file.path().filename().string().starts_with("umath-validation-set-");
        });
    CHECK(files == std::ssize(tables));
}
