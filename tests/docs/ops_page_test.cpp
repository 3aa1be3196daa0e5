// docs/ops.md is generated from the catalog of ops, the docstrings of their headers and the errors
// of the bad calls in the tests. `./run docs` writes it (EPS_WRITE_DOCS=1). Otherwise these tests
// fail where the page differs from what would be written.
#include <doctest/doctest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>

#include "autograd/catalog.h"
#include "autograd/record_pointwise.h"
#include "tests/autograd/bad_calls.h"
#include "tests/autograd/support.h"
#include "tests/docs/header_text.h"

using namespace eps;
using namespace eps::test;

namespace {

const std::filesystem::path root = EPS_SOURCE_DIR;

// The headers of autograd/ops that <varepsilon.h> includes, but for the one that declares the
// functions of the formulas by a macro.
std::vector<Header> all_headers() {
    std::ifstream in(root / "varepsilon.h");
    const std::string umbrella((std::istreambuf_iterator<char>(in)), {});
    std::vector<Header> all;
    for (const std::string& path : headers_in(root, "autograd/ops"))
        if (contains(umbrella, "\"" + path + "\"") &&
            path != "autograd/ops/elementwise/pointwise_functions.h")
            all.push_back(read_header(root, path));
    return all;
}

const OpInfo* find(const std::string& name) {
    for (const OpInfo& op : op_catalog())
        if (name == op.name) return &op;
    return nullptr;
}

// The ops that a docstring names `so`.
std::vector<std::string> ops_named_in(const std::string& doc) {
    std::vector<std::string> names;
    for (const OpInfo& op : op_catalog())
        if (contains(doc, "`" + std::string(op.name) + "`")) names.emplace_back(op.name);
    return names;
}

// Markdown that shows the characters of a text as they are; lines of code do so by themselves.
std::string escaped(const std::string& text) {
    std::istringstream lines(text);
    std::string out;
    for (std::string line; std::getline(lines, line);) {
        const bool is_code = line.rfind("    ", 0) == 0;
        for (char c : line) {
            if (!is_code && (c == '|' || c == '*')) out += '\\';
            out += c;
        }
        out += '\n';
    }
    if (!out.empty()) out.pop_back();
    return out;
}

std::string derivatives_of(const OpInfo& op) {
    if (op.why_not) return "none: " + std::string(op.why_not);
    return op.max_order < 0 ? "any order" : "to order " + std::to_string(op.max_order);
}

// The errors that the bad calls of these ops throw.
std::string errors_of(const std::set<std::string>& ops) {
    std::string text;
    for (const BadCall& bad : bad_calls())
        if (ops.count(bad.op)) text += "- `" + error_of(bad.call).sentence + "`\n";
    return text.empty() ? "" : "Errors, as tests provoke them:\n\n" + text + "\n";
}

std::string section(const Formulas& group) {
    const std::string title = std::filesystem::path(group.path).stem().string();
    std::string text = "## Pointwise: " + title + "\n\n[`" + group.path + "`](../" + group.path +
                       "). " + escaped(group.opening) +
                       "\n\n| op | value | types | derivatives |\n|---|---|---|---|\n";
    std::set<std::string> names;
    for (const Formula& f : group.formulas) {
        const auto ops = all_pointwise_ops();
        const auto op = std::find_if(ops.begin(), ops.end(),
                                     [&](const PointwiseOp* o) { return o->name == f.function; });
        REQUIRE_MESSAGE(op != ops.end(), f.function);
        const char* const types[] = {"f32, f64", "all but f16, bf16", "all but f16, bf16, to bool"};
        text += "| `" + f.call + "` | " + escaped(f.doc) + " | " +
                types[static_cast<int>((*op)->kind)] + " | " + derivatives_of(*find(f.function)) +
                " |\n";
        names.insert(f.function);
    }
    return text + "\n" + errors_of(names);
}

std::string section(const Header& header, const std::set<std::string>& functions) {
    const std::string title = std::filesystem::path(header.path).stem().string();
    std::string text = "## " + title + "\n\n[`" + header.path + "`](../" + header.path + ")." +
                       (header.opening.empty() ? "" : " " + escaped(header.opening)) + "\n\n";
    for (const Declarations& entry : header.entries) {
        std::set<std::string> ops;
        std::string heading, facts;
        const auto add = [&](const std::string& name) {
            const OpInfo* op = find(name);
            if (!op || std::string(op->kind) == "pointwise" || !ops.insert(name).second) return;
            facts += (facts.empty() ? "" : "; ") + std::string("`") + name + "`: " + op->kind +
                     ", derivatives: " + derivatives_of(*op);
        };
        std::set<std::string> seen;
        for (const std::string& name : entry.functions) {
            if (seen.insert(name).second) heading += (heading.empty() ? "" : ", ") + name;
            add(name);
        }
        for (const std::string& name : ops_named_in(entry.doc))
            if (!functions.count(name)) add(name);  // an op without a function of its own
        if (!entry.doc.empty() && !heading.empty()) text += "### " + heading + "\n\n";
        text += "```cpp\n" + entry.code + "```\n\n";
        if (!entry.doc.empty()) text += escaped(entry.doc) + "\n\n";
        if (!facts.empty()) text += "*" + facts + ".*\n\n";
        text += errors_of(ops);
    }
    return text;
}

std::string ops_page() {
    std::string text =
        "# Operations\n\n"
        "<!-- Written by ./run docs from the headers, the catalog of ops and the bad calls of the "
        "tests; change those. -->\n\n"
        "Unless said otherwise, every op runs on the CPU and, in a build with CUDA, on the GPU, "
        "in\n"
        "f32 and f64. Gradients of gradients are tested against finite differences for all ops.\n"
        "`./run eps ops` prints the list, and [adding-an-op.md](adding-an-op.md) says how to add "
        "to\n"
        "it. There are four kinds:\n\n"
        "- A *pointwise* op is one formula, from which its kernels and derivatives follow.\n"
        "- A *structured* op has kernels and a backward of its own.\n"
        "- A *fused* op has kernels for both directions, and also says what it is in plain ops.\n"
        "- A *composition* is a function of other ops.\n\n"
        "Errors are an `eps::Error` of one sentence. Every op throws on undefined tensors and on\n"
        "tensors on different devices. Pointwise ops, which broadcast and promote, also throw on\n"
        "shapes that do not broadcast, on f16 and bf16, and on attributes that a tensor of "
        "integers\n"
        "cannot hold.\n\n";
    for (const Formulas& group : read_formulas(root)) text += section(group);
    std::set<std::string> functions;
    for (const Header& header : all_headers())
        for (const Declarations& entry : header.entries)
            functions.insert(entry.functions.begin(), entry.functions.end());
    for (const Header& header : all_headers()) text += section(header, functions);
    while (text.size() > 1 && text.substr(text.size() - 2) == "\n\n") text.pop_back();
    return text;
}

}  // namespace

TEST_CASE(
    "docs: every op has a docstring in a header, and every function of autograd/ops is an op of "
    "the catalog") {
    std::set<std::string> described;
    for (const Formulas& group : read_formulas(root))
        for (const Formula& f : group.formulas) {
            CHECK_MESSAGE(!f.doc.empty(), f.function, " has no docstring in ", group.path);
            described.insert(f.function);
        }
    for (const Header& header : all_headers())
        for (const Declarations& entry : header.entries) {
            const std::vector<std::string> named = ops_named_in(entry.doc);
            described.insert(named.begin(), named.end());
            for (const std::string& name : entry.functions) {
                CHECK_MESSAGE((find(name) || !named.empty()), name, " of ", header.path,
                              " is not in the catalog, and its docstring names no `op` of it");
                if (!entry.doc.empty()) described.insert(name);
            }
        }
    for (const OpInfo& op : op_catalog()) {
        CHECK_MESSAGE(described.count(op.name) == 1, std::string(op.name),
                      " has no docstring in tensor/formulas/ or autograd/ops/");
        CHECK_MESSAGE(op.differentiable == (op.why_not == nullptr), std::string(op.name),
                      ": an op without a derivative says why, and no other does");
    }
}

TEST_CASE("docs: docs/ops.md is what ./run docs writes") {
    const std::filesystem::path file = root / "docs/ops.md";
    const std::string page = ops_page();
    if (std::getenv("EPS_WRITE_DOCS")) std::ofstream(file) << page;
    std::ifstream in(file);
    std::istringstream wanted(page);
    std::string there, line;
    for (int number = 1; std::getline(wanted, line); ++number) {
        const bool more = static_cast<bool>(std::getline(in, there));
        CHECK_MESSAGE(more, "docs/ops.md ends before line ", number, "; ./run docs writes it anew");
        if (!more) return;
        CHECK_MESSAGE(there == line, "docs/ops.md, line ", number,
                      " is not what the headers say; ./run docs writes it anew");
        if (there != line) return;
    }
    CHECK_MESSAGE(!std::getline(in, there),
                  "docs/ops.md goes on after its end; ./run docs writes it anew");
}
