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
std::string comment_text(const std::string& line) {
    const std::size_t at = line.find_first_not_of("/ ");
    return at == std::string::npos ? "" : line.substr(at);
}
void append(std::string& text, const std::string& more) {
    text += (text.empty() ? "" : " ") + more;
}

// Appends a line of a docstring as Markdown. A formula, which is indented, becomes a line of code,
// and a slot ("Shapes: ..") begins a paragraph; other lines go on.
void append_line(std::string& text, const std::string& line) {
    static const std::regex formula("//+ {5,}.*"), slot("(Shapes|Throws|Source)\\b.*");
    const std::string content = comment_text(line);
    const std::size_t last = text.rfind('\n');
    const bool behind_formula = last != std::string::npos && begins(text.substr(last), "\n    ");
    if (std::regex_match(line, formula))
        text += (behind_formula ? "\n" : "\n\n") + line.substr(line.find_first_not_of('/') + 1);
    else if (behind_formula || (!text.empty() && std::regex_match(content, slot)))
        text += "\n\n" + content;
    else
        append(text, content);
}

// The comment that follows #pragma once.
std::string opening_of(const std::vector<std::string>& lines) {
    std::string text;
    for (std::size_t i = 1; i < lines.size() && begins(lines[i], "//"); ++i)
        append_line(text, lines[i]);
    return text;
}

// ---- declarations ----

// The position behind the parameter list of a declaration; npos while it is incomplete.
std::size_t end_of_parameters(const std::string& text) {
    int depth = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        depth += (text[i] == '(') - (text[i] == ')');
        if (text[i] == ')' && depth == 0) return i + 1;
    }
    return depth == 0 ? text.size() : std::string::npos;
}

// "sum" of "Tensor sum(const Tensor& x, ...", "" of what declares no function.
std::string declared(const std::string& line) {
    static const std::regex function(R"(^(?!struct|enum|template|using)[\w:<>, &]+ (\w+)\(.*)");
    std::smatch match;
    return std::regex_match(line, match, function) ? match[1].str() : "";
}

// The declaration that an inline definition, which may be wrapped, begins with.
std::string without_body(const std::string& statement) {
    static const std::string prefix = "inline ";
    if (!begins(statement, prefix)) return statement;
    const std::string head = statement.substr(0, end_of_parameters(statement));
    static const std::regex indentation("\n" + std::string(prefix.size(), ' '));
    const std::string text = std::regex_replace(head.substr(prefix.size()), indentation, "\n");
    return text.back() == ';' ? text : text + ";";
}

// Reads the declarations of a header one line at a time.
class HeaderReader {
public:
    explicit HeaderReader(Header& header) : header_(header) {}

    void read(const std::string& line) {
        if (in_body_)
            in_body_ = line != "}";
        else if (begins(line, "namespace") || begins(line, "}  // namespace"))
            in_namespace_ = begins(line, "namespace");
        else if (in_namespace_)
            read_declaration(line);
    }
    void close() {
        if (!current_.code.empty()) header_.entries.push_back(current_);
        current_ = {};
    }

private:
    void read_declaration(const std::string& line) {
        if (line.empty()) return close();
        if (begins(line, "///")) {
            if (!current_.code.empty()) close();
            return append_line(current_.doc, line);
        }
        // Declared only for use in a signature.
        if (begins(line, "struct ") && line.back() == ';' && line.find('{') == std::string::npos)
            return;
        if (begins(line, "//")) {
            current_.code += line + "\n";
            return;
        }
        statement_ += (statement_.empty() ? "" : "\n") + line;
        if (end_of_parameters(statement_) == std::string::npos) return;  // it is wrapped
        const std::string statement = std::exchange(statement_, "");
        in_body_ = begins(statement, "inline ") && line.back() == '{';
        current_.code += without_body(statement) + "\n";
        const std::string first_line = statement.substr(0, statement.find('\n'));
        if (const std::string name = declared(first_line); !name.empty())
            current_.functions.push_back(name);
    }

    Header& header_;
    Declarations current_;
    std::string statement_;  // the lines read so far of a declaration
    bool in_namespace_ = false;
    bool in_body_ = false;  // of an inline function
};

// ---- formulas ----

struct Struct {
    std::string doc, body;
};

// The structs of a file by name.
std::map<std::string, Struct> structs_of(const std::vector<std::string>& lines) {
    static const std::regex head(R"(^struct (\w+)[ \w:,]*\{.*)");
    std::map<std::string, Struct> structs;
    std::string doc, open;  // open: the struct whose body is being read
    for (const std::string& line : lines) {
        std::smatch match;
        if (open.empty() && begins(line, "///")) {
            append(doc, comment_text(line));
        } else if (open.empty() && std::regex_match(line, match, head)) {
            open = match[1];
            structs[open].doc = std::exchange(doc, "");
        } else if (line.empty()) {
            doc.clear();
        }
        if (open.empty()) continue;
        structs[open].body += line + "\n";
        if (begins(line, "};") || (begins(line, "struct") && line.back() == ';')) open.clear();
    }
    return structs;
}

// ", {.slope = 0.01}" of the struct of attributes { double slope = 0.01; }, "" of none.
std::string attributes_in(const std::string& body) {
    static const std::regex member(R"(double (\w+ = [^;]*);)"), infinite("__builtin_inf\\(\\)");
    std::string text;
    for (std::sregex_iterator at(body.begin(), body.end(), member), end; at != end; ++at)
        text +=
            (text.empty() ? "." : ", .") + std::regex_replace((*at)[1].str(), infinite, "infinity");
    return text.empty() ? "" : ", {" + text + "}";
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
    HeaderReader reader(header);
    for (const std::string& line : lines) reader.read(line);
    reader.close();
    return header;
}

std::vector<Formulas> read_formulas(const std::filesystem::path& root) {
    static const std::regex file(R"(^// (tensor/formulas/\w+\.h): .*)"),
        listed(R"(^ *X\(\d, (\w+), (\w+)(?:, (\w+))?\).*)");
    const auto attributes = structs_of(lines_of(root / "tensor/formulas/attributes.h"));
    std::vector<Formulas> all;
    std::map<std::string, Struct> structs;
    for (const std::string& line : lines_of(root / "tensor/formulas/list.h")) {
        std::smatch match;
        if (std::regex_match(line, match, file)) {
            const std::vector<std::string> lines = lines_of(root / match[1].str());
            structs = structs_of(lines);
            all.push_back({match[1], opening_of(lines), {}});
        } else if (!all.empty() && std::regex_match(line, match, listed)) {
            const Struct& from = structs[match[1]];
            std::string call = match[2].str() + "(" + parameters_in(from.body);
            if (match[3].matched) call += attributes_in(attributes.at(match[3]).body);
            all.back().formulas.push_back({match[2], call + ")", from.doc});
        }
    }
    return all;
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
