#pragma once
// What PyTorch computed for every op that it has, too: cases of value, first and second derivative
// that tests/golden/make_pytorch_oracle.py wrote, and the calls of this library that must give the
// same. Each call is a line of a table, in a file for each subject (pytorch_calls_*.cpp).
#include <array>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace eps::test {

/// The arguments of a case, by name, with defaults where it has none.
class OracleCall {
public:
    /// A number, a flag (0 or 1), or the numbers of a list; or a text.
    struct Argument {
        std::vector<double> numbers;
        std::string text;
    };

    std::string op;
    std::map<std::string, Argument> arguments;
    std::vector<Tensor> inputs;

    bool has(const std::string& name) const { return arguments.count(name) != 0; }
    /// Input i; undefined where the case has fewer.
    Tensor operator[](std::size_t i) const { return i < inputs.size() ? inputs[i] : Tensor(); }
    const std::string& text(const std::string& name) const { return arguments.at(name).text; }
    double number(const std::string& name, double otherwise) const {
        return has(name) ? arguments.at(name).numbers.at(0) : otherwise;
    }
    std::int64_t integer(const std::string& name, std::int64_t otherwise = 0) const {
        return static_cast<std::int64_t>(number(name, static_cast<double>(otherwise)));
    }
    bool flag(const std::string& name, bool otherwise = false) const {
        return integer(name, otherwise ? 1 : 0) != 0;
    }
    Dims dims(const std::string& name) const {
        Dims list;
        if (has(name))
            for (const double n : arguments.at(name).numbers)
                list.push_back(static_cast<std::int64_t>(n));
        return list;
    }
    /// N whole numbers, all `otherwise` where the case has none.
    template <std::size_t N>
    std::array<std::int64_t, N> extents(const std::string& name, std::int64_t otherwise = 0) const {
        std::array<std::int64_t, N> list;
        list.fill(otherwise);
        if (has(name))
            for (std::size_t d = 0; d < N; ++d)
                list[d] = static_cast<std::int64_t>(arguments.at(name).numbers.at(d));
        return list;
    }
};

/// A case: a call, with inputs in f64, and what must come out.
struct OracleCase {
    std::string name;  // "shapes 12: sum"
    OracleCall call;
    int order;   // the highest derivative that is compared
    int digits;  // decimal digits that rounding may cost beyond those of other cases
    std::vector<Tensor> values;
    std::vector<Tensor> first;   // the gradient in each input that is not whole
    std::vector<Tensor> second;  // the gradient of the first one's product with fixed directions
};

/// The files of tests/golden/pytorch/.
inline const char* const oracle_subjects[] = {"pointwise", "shapes", "indexing",
                                              "linalg",    "images", "networks"};
std::vector<OracleCase> read_oracle(const std::string& subject);

using Outputs = std::vector<Tensor>;
using OracleFunction = Outputs (*)(const OracleCall& c);
using OracleTable = std::vector<std::pair<const char*, OracleFunction>>;

/// A line of a table: what the call c of an op gives.
#define EPS_CALL(op, ...)                                                \
    {                                                                    \
        op, [](const OracleCall& c) -> Outputs { return {__VA_ARGS__}; } \
    }

OracleTable shape_calls();
OracleTable reduction_calls();
OracleTable indexing_calls();
OracleTable linalg_calls();
OracleTable image_calls();
OracleTable network_calls();

/// The numbers that outputs and gradients are weighted with, as in tests/golden/oracle/cases.py.
Tensor output_factors(const Tensor& like, std::int64_t k);
Tensor directions(const Tensor& like, std::int64_t i);

}  // namespace eps::test
