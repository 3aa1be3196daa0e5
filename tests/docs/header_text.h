#pragma once
// What the headers of ops say, as text: opening comments, docstrings, declarations. It reads the
// few shapes that they are written in, and a test names the op that it could not find.
#include <filesystem>
#include <string>
#include <vector>

namespace eps::test {

/// A docstring and the declarations under it, up to the next docstring or blank line.
struct Declarations {
    std::string doc;
    std::string code;
    std::vector<std::string> functions;  // those declared in it, operators left out
};
struct Header {
    std::string path;     // below the root
    std::string opening;  // the comment at its head
    std::vector<Declarations> entries;
};
Header read_header(const std::filesystem::path& root, const std::string& path);

/// A pointwise op as tensor/formulas/list.h names it.
struct Formula {
    std::string function;  // "leaky_relu"
    std::string call;      // "leaky_relu(x, {.slope = 0.01})"
    std::string doc;
};
/// The ops whose formulas are in one file.
struct Formulas {
    std::string path;
    std::string opening;
    std::vector<Formula> formulas;
};
std::vector<Formulas> read_formulas(const std::filesystem::path& root);

/// Every header of a folder, in alphabetical order: "autograd/ops/elementwise/arithmetic.h", ...
std::vector<std::string> headers_in(const std::filesystem::path& root, const std::string& folder);

}  // namespace eps::test
