// Reads tests/golden/pytorch/.
#include "tests/autograd/pytorch_oracle.h"

#include <nlohmann/json.hpp>

#include "autograd/ops/elementwise/cast.h"
#include "tensor/create.h"
#include "tensor/io/safetensors.h"

namespace eps::test {
namespace {

using nlohmann::json;

void append_numbers(OracleCall::Argument& argument, const json& value) {
    if (value.is_array()) {
        for (const json& part : value) append_numbers(argument, part);
        return;
    }
    if (value.is_string()) {
        argument.text = value;
        if (argument.text != "inf" && argument.text != "-inf") return;
        const double infinity = std::numeric_limits<double>::infinity();
        argument.numbers.push_back(argument.text == "inf" ? infinity : -infinity);
        return;
    }
    argument.numbers.push_back(value.is_boolean() ? value.get<bool>() : value.get<double>());
}

// The tensors `number`.`letter`0, `number`.`letter`1, .. of a file.
std::vector<Tensor> tensors_of(const std::map<std::string, Tensor>& all, std::size_t number,
                               char letter) {
    std::vector<Tensor> found;
    for (;;) {
        const auto at =
            all.find(std::to_string(number) + "." + letter + std::to_string(found.size()));
        if (at == all.end()) return found;
        found.push_back(at->second.dtype() == f32 ? to(at->second, f64) : at->second);
    }
}

// ((step k + 3 + 5 phase) mod modulus - modulus / 2) / 4 for k = 0, 1, ..
Tensor factors(const Tensor& like, std::int64_t phase, std::int64_t step, std::int64_t modulus) {
    std::vector<double> values;
    for (std::int64_t k = 0; k < like.numel(); ++k)
        values.push_back(static_cast<double>(2 * ((step * k + 3 + 5 * phase) % modulus) - modulus) /
                         8);
    return tensor(values, like.shape(), {.dtype = like.dtype()});
}

}  // namespace

Tensor output_factors(const Tensor& like, std::int64_t k) { return factors(like, k, 7, 11); }
Tensor directions(const Tensor& like, std::int64_t i) { return factors(like, i, 5, 13); }

std::vector<OracleCase> read_oracle(const std::string& subject) {
    const auto file =
        read_safetensors(EPS_SOURCE_DIR "/tests/golden/pytorch/" + subject + ".safetensors");
    std::map<std::string, Tensor> tensors;
    for (auto& [name, x] : file.tensors()) tensors.emplace(name, x);
    std::vector<OracleCase> cases;
    const json contents = json::parse(file.metadata.at("oracle"));
    for (const json& entry : contents.at("cases")) {
        const std::size_t number = cases.size();
        OracleCase found;
        found.call.op = entry.at("op");
        found.name = subject + " " + std::to_string(number) + ": " + found.call.op + " " +
                     entry.at("arguments").dump();
        for (const auto& [name, value] : entry.at("arguments").items())
            append_numbers(found.call.arguments[name], value);
        found.order = entry.at("order");
        found.digits = entry.at("digits");
        found.call.inputs = tensors_of(tensors, number, 'x');
        found.values = tensors_of(tensors, number, 'y');
        found.first = tensors_of(tensors, number, 'g');
        found.second = tensors_of(tensors, number, 'h');
        cases.push_back(found);
    }
    return cases;
}

}  // namespace eps::test
