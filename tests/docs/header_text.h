#pragma once
// What the headers of ops say, as text: opening comments, docstrings, declarations. It reads the
// few shapes that they are written in, and a test says which op it could not find.
#include <filesystem>
#include <string>
#include <vector>

namespace eps::test {

/// A docstring and the declarations under it, up to the next docstring or blank line.
struct Entry {
    std::string doc, code;
    std::vector<std::string> functions;  // those declared in it, operators left out
};
struct Header {
    std::string path, opening;  // the path below the root; the comment at its head
    std::vector<Entry> entries;
};
Header read_header(const std::filesystem::path& root, const std::string& path);

/// A struct of tensor/formulas/ as its list names it.
struct Formula {
    std::string function, call, doc;  // "leaky_relu", "leaky_relu(x, {.slope = 0.01})"
};
struct Formulas {
    std::string path, opening;
    std::vector<Formula> formulas;
};
Formulas read_formulas(const std::filesystem::path& root, const std::string& path);

/// Every header of a folder, in alphabetical order: "autograd/ops/elementwise/arithmetic.h", ...
std::vector<std::string> headers_in(const std::filesystem::path& root, const std::string& folder);

}  // namespace eps::test
