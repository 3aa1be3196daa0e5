#include "tests/conformance/onnx/case.h"

#include <fnmatch.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tensor/error.h"
#include "tests/conformance/onnx/interpreter.h"

namespace eps::conformance {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMaxQuarantine = 8;
constexpr Tolerance kOnnxTolerance{.relative = 1e-3, .absolute = 1e-7};  // of its own runner

std::string bytes_of(const fs::path& path) {
    std::ifstream file(path, std::ios::binary);
    check(file.good(), "onnx", "cannot open '", path.string(), "'");
    return {std::istreambuf_iterator<char>(file), {}};
}

// The values in input_0.pb, input_1.pb, ... (or output_), as many as there are files.
std::vector<Value> read_values(const fs::path& folder, const char* prefix,
                               const std::vector<ValueInfo>& declared) {
    std::vector<Value> values;
    for (const ValueInfo& info : declared) {
        const fs::path path = folder / str(prefix, values.size(), ".pb");
        if (!fs::exists(path)) break;
        if (info.is_sequence)
            values.push_back(parse_sequence(bytes_of(path)));
        else
            values.push_back(parse_tensor(bytes_of(path), info.element_type));
    }
    check(!fs::exists(folder / str(prefix, declared.size(), ".pb")), "onnx",
          "there are more files ", prefix, "* than the graph declares");
    return values;
}

std::string run_set(const Model& model, const fs::path& folder, const Tolerance& tolerance) {
    const std::vector<Value> got =
        run_model(model, read_values(folder, "input_", model.graph.inputs));
    const std::vector<Value> expected = read_values(folder, "output_", model.graph.outputs);
    if (got.size() != expected.size() || got.empty())
        return str("gives ", got.size(), " outputs; expected ", expected.size());
    for (std::size_t i = 0; i < got.size(); ++i)
        if (const std::string what = difference(got[i], expected[i], tolerance); !what.empty())
            return str("output ", i, " '", model.graph.outputs[i].name, "' ", what);
    return "";
}

std::string ops_of(const Graph& graph) {
    std::string ops;
    for (const Node& node : graph.nodes)
        if (ops.size() < 60) ops += (ops.empty() ? "" : ", ") + node.op;
    return ops;
}

// Lines of the form "name: reason".
std::vector<CaseLists::Marked> marked(const fs::path& path) {
    std::vector<CaseLists::Marked> out;
    for (const std::string& line : names_in(path)) {
        const std::size_t colon = line.find(": ");
        check(colon != std::string::npos, "conformance", "a line of '", path.string(),
              "' has no reason; got '", line, "'; expected 'name: reason'");
        out.push_back({line.substr(0, colon), line.substr(colon + 2)});
    }
    return out;
}

bool matches(const CaseLists::Marked& pattern, const std::string& name) {
    return fnmatch(pattern.name.c_str(), name.c_str(), 0) == 0;
}

const CaseLists::Marked* first_match(const std::vector<CaseLists::Marked>& patterns,
                                     const std::string& name) {
    const auto found = std::find_if(patterns.begin(), patterns.end(),
                                    [&](const CaseLists::Marked& m) { return matches(m, name); });
    return found == patterns.end() ? nullptr : &*found;
}

}  // namespace

std::string run_case(const std::string& folder, const Tolerance& tolerance) {
    std::string ops;
    try {
        const Model model = parse_model(bytes_of(fs::path(folder) / "model.onnx"));
        ops = ops_of(model.graph);
        int sets = 0;
        for (const auto& entry : fs::directory_iterator(folder)) {
            if (!entry.path().filename().string().starts_with("test_data_set_")) continue;
            ++sets;
            if (const std::string what = run_set(model, entry.path(), tolerance); !what.empty())
                return str(ops, ": ", what);
        }
        return sets > 0 ? "" : "has no data";
    } catch (const std::exception& error) {
        return str(ops, ops.empty() ? "" : ": ", error.what());
    }
}

std::int64_t op_set_of(const std::string& folder) {
    const Model model = parse_model(bytes_of(fs::path(folder) / "model.onnx"));
    const auto onnx = model.opset.find("");
    return onnx == model.opset.end() ? 0 : onnx->second;
}

std::vector<std::string> names_in(const std::string& path) {
    std::ifstream file(path);
    check(file.good(), "conformance", "cannot open '", path, "'");
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);)
        if (!line.empty() && line[0] != '#') lines.push_back(line);
    return lines;
}

CaseLists::CaseLists(const std::string& folder, const std::vector<std::string>& files)
    : quarantine(marked(fs::path(folder) / "quarantine.txt")),
      out_of_scope(marked(fs::path(folder) / "out_of_scope.txt")),
      rounded(marked(fs::path(folder) / "rounded.txt")) {
    for (const std::string& file : files)
        for (std::string& name : names_in(fs::path(folder) / file))
            cases.push_back(std::move(name));
    if (files.size() > 1) std::sort(cases.begin(), cases.end());
}

const CaseLists::Marked* CaseLists::quarantined(const std::string& name) const {
    const auto found = std::find_if(quarantine.begin(), quarantine.end(),
                                    [&](const Marked& m) { return m.name == name; });
    return found == quarantine.end() ? nullptr : &*found;
}

const CaseLists::Marked* CaseLists::outside(const std::string& name) const {
    return first_match(out_of_scope, name);
}

Tolerance CaseLists::tolerance(const std::string& name) const {
    return first_match(rounded, name) ? kOnnxTolerance : Tolerance();
}

std::vector<std::string> check_lists(const CaseLists& lists,
                                     const std::vector<std::string>& on_disk) {
    std::vector<std::string> wrong;
    const auto there = [&](const std::string& name) {
        return std::find(on_disk.begin(), on_disk.end(), name) != on_disk.end();
    };
    const auto listed = [&](const std::string& name) {
        return std::binary_search(lists.cases.begin(), lists.cases.end(), name);
    };
    if (std::adjacent_find(lists.cases.begin(), lists.cases.end(), std::greater_equal<>()) !=
        lists.cases.end())
        wrong.push_back("cases.txt is not in order, or names a case twice");
    if (lists.quarantine.size() > kMaxQuarantine)
        wrong.push_back(str("quarantine.txt has ", lists.quarantine.size(),
                            " cases; expected at most ", kMaxQuarantine));
    for (const std::string& name : lists.cases)
        if (!there(name)) wrong.push_back(name + " is listed in cases.txt, but missing on disk");
    for (const CaseLists::Marked& m : lists.quarantine)
        if (!there(m.name))
            wrong.push_back(m.name + " is listed in quarantine.txt, but missing on disk");
    for (const auto& [patterns, file] : {std::pair(&lists.out_of_scope, "out_of_scope.txt"),
                                         std::pair(&lists.rounded, "rounded.txt")})
        for (const CaseLists::Marked& pattern : *patterns)
            if (std::none_of(on_disk.begin(), on_disk.end(),
                             [&](const std::string& name) { return matches(pattern, name); }))
                wrong.push_back(str(pattern.name, " in ", file, " matches nothing on disk"));
    for (const std::string& name : on_disk) {
        const int count =
            listed(name) + (lists.quarantined(name) != nullptr) + (lists.outside(name) != nullptr);
        if (count == 0)
            wrong.push_back(
                name +
                " is on disk, but in no list: cases.txt, quarantine.txt or out_of_scope.txt");
        if (count > 1) wrong.push_back(name + " is in more than one list");
    }
    return wrong;
}

}  // namespace eps::conformance
