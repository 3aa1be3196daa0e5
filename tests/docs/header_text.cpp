#include "tests/docs/header_text.h"

#include <algorithm>
#include <map>
#include <regex>
#include <utility>

#include "tests/files.h"

namespace eps::test {
namespace {

bool begins(const std::string& line, const std::string& with) { return line.rfind(with, 0) == 0; }

std::vector<std::string> lines_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    REQUIRE_MESSAGE(in.good(), file.string());
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

// The text of a comment line, without its slashes.
std::string said(const std::string& line) {
    const std::size_t at = line.find_first_not_of("/ ");
    return at == std::string::npos ? "" : line.substr(at);
}
void append(std::string& text, const std::string& more) {
    text += (text.empty() ? "" : " ") + more;
}

// The comment that follows #pragma once.
std::string opening_of(const std::vector<std::string>& lines) {
    std::string text;
    for (std::size_t i = 1; i < lines.size() && begins(lines[i], "//"); ++i)
        append(text, said(lines[i]));
    return text;
}

// "sum" of "Tensor sum(const Tensor& x, ...", "" of what declares no function.
std::string declared(const std::string& line) {
    static const std::regex function(R"(^(?!struct|enum|template|using)[\w:<>, ]+ (\w+)\(.*)");
    std::smatch match;
    return std::regex_match(line, match, function) ? match[1].str() : "";
}

// A declaration in place of an inline definition.
std::string without_body(const std::string& line) {
    if (!begins(line, "inline ")) return line;
    return line.substr(7, line.find(" {") - 7) + ";";
}

// "slope = 0.01" of a struct's "double slope = 0.01;", as it is written in a call.
std::string attributes_in(const std::string& body) {
    static const std::regex members(R"(double (\w+ = [^;]*);)"), infinite("__builtin_inf\\(\\)"),
        next(", ");
    std::smatch match;
    if (!std::regex_search(body, match, members)) return "";
    return ", {." +
           std::regex_replace(std::regex_replace(match[1].str(), infinite, "infinity"), next,
                              ", .") +
           "}";
}

// "a, b" of "f(T a, T b) const".
std::string parameters_in(const std::string& body) {
    static const std::regex list(R"( f\(([^)]*)\) const)"), type("T ");
    std::smatch match;
    REQUIRE_MESSAGE(std::regex_search(body, match, list), body);
    return std::regex_replace(match[1].str(), type, "");
}

}  // namespace

Header read_header(const std::filesystem::path& root, const std::string& path) {
    const std::vector<std::string> lines = lines_of(root / path);
    Header header{path, opening_of(lines), {}};
    Entry entry;
    const auto close = [&] {
        if (!entry.code.empty()) header.entries.push_back(entry);
        entry = {};
    };
    bool inside = false;   // of the namespace
    bool in_body = false;  // of an inline function
    for (const std::string& line : lines) {
        if (in_body)
            in_body = line != "}";
        else if (begins(line, "namespace") || begins(line, "}  // namespace"))
            inside = begins(line, "namespace");
        else if (!inside)
            continue;
        else if (line.empty())
            close();
        else if (begins(line, "///")) {
            if (!entry.code.empty()) close();
            append(entry.doc, said(line));
            // declared for use in a signature
        } else if (begins(line, "struct ") && line.back() == ';') {
            continue;
        } else {
            entry.code += without_body(line) + "\n";
            in_body = begins(line, "inline ") && line.back() == '{';
            if (const std::string name = declared(line); !name.empty())
                entry.functions.push_back(name);
        }
    }
    close();
    return header;
}

Formulas read_formulas(const std::filesystem::path& root, const std::string& path) {
    const std::vector<std::string> lines = lines_of(root / path);
    Formulas result{path, opening_of(lines), {}};
    struct Struct {
        std::string doc, body;
    };
    std::map<std::string, Struct> structs;
    std::string doc, open;  // open: the struct whose body is being read
    static const std::regex head(R"(^struct (\w+) \{.*)"), listed(R"(X\(\d, (\w+), (\w+)\))");
    for (const std::string& line : lines) {
        std::smatch match;
        if (open.empty() && begins(line, "///"))
            append(doc, said(line));
        else if (open.empty() && std::regex_match(line, match, head)) {
            open = match[1];
            structs[open].doc = std::exchange(doc, "");
        } else if (line.empty()) {
            doc.clear();
        }
        if (!open.empty()) {
            structs[open].body += line + "\n";
            if (line == "};" ||
                (line.size() > 2 && line.substr(line.size() - 2) == "};" && begins(line, "struct")))
                open.clear();
        }
        for (std::sregex_iterator at(line.begin(), line.end(), listed), end; at != end; ++at) {
            const Struct& from = structs[(*at)[1]];
            const std::string function = (*at)[2];
            result.formulas.push_back(
                {function,
                 function + "(" + parameters_in(from.body) + attributes_in(from.body) + ")",
                 from.doc});
        }
    }
    return result;
}

std::vector<std::string> headers_in(const std::filesystem::path& root, const std::string& folder) {
    std::vector<std::string> paths;
    for (const auto& file : std::filesystem::recursive_directory_iterator(root / folder))
        if (file.path().extension() == ".h")
            paths.push_back(file.path().lexically_relative(root).generic_string());
    std::sort(paths.begin(), paths.end());
    return paths;
}

}  // namespace eps::test
