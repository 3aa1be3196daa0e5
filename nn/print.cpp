// A printed module: one line for each layer, nested as the modules are, with a column of parameter
// counts.
#include <cxxabi.h>

#include <algorithm>
#include <cstdlib>
#include <ostream>
#include <typeinfo>

#include "nn/module.h"

namespace eps::nn {
namespace {

struct Line {
    std::string text;
    std::int64_t parameters = 0;  // 0: no count is shown
};

/// The name of the module's class without its namespaces.
std::string class_name(const Module& module) {
    const std::unique_ptr<char, decltype(&std::free)> demangled(
        abi::__cxa_demangle(typeid(module).name(), nullptr, nullptr, nullptr), &std::free);
    const std::string name = demangled ? demangled.get() : typeid(module).name();
    const std::size_t scope = name.substr(0, name.find('<')).rfind("::");
    return scope == std::string::npos ? name : name.substr(scope + 2);
}

/// 1234567 -> "1,234,567"
std::string with_commas(std::int64_t count) {
    std::string text = std::to_string(count);
    for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, ",");
    return text;
}

void append(std::vector<Line>& lines, const Module& module, const std::string& label, int depth) {
    const std::string indent(static_cast<std::size_t>(2 * depth), ' ');
    const std::string head = indent + label + class_name(module) + "(", extra = module.extra_repr();
    const auto children = module.named_children();
    if (children.empty()) {
        lines.push_back({head + extra + ")", module.parameter_count()});
        return;
    }
    lines.push_back({head});
    if (!extra.empty()) lines.push_back({indent + "  " + extra});
    for (const auto& [name, child] : children) append(lines, *child, "(" + name + "): ", depth + 1);
    lines.push_back({indent + ")", module.parameter_count()});
}

}  // namespace

std::string Module::extra_repr() const {
    std::string out;
    for (const auto& [name, tensor] : parameters_)
        out += str(out.empty() ? "" : ", ", name, " ", tensor->shape());
    return out;
}

std::string to_string(const Module& module) {
    std::vector<Line> lines;
    append(lines, module, "", 0);
    std::size_t width = 0;
    for (const Line& line : lines)
        if (line.parameters > 0) width = std::max(width, line.text.size());
    const std::size_t digits = with_commas(module.parameter_count()).size();
    std::string out;
    for (const Line& line : lines) {
        out += (out.empty() ? "" : "\n") + line.text;
        if (line.parameters == 0) continue;
        const std::string count = with_commas(line.parameters);
        out += std::string(width - line.text.size() + 2 + digits - count.size(), ' ') + count +
               (line.parameters == 1 ? " parameter" : " parameters");
    }
    return out;
}

std::ostream& operator<<(std::ostream& out, const Module& module) {
    return out << to_string(module);
}

}  // namespace eps::nn
