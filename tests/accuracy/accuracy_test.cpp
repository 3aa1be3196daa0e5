// f32 over its whole range: the errors of every pointwise op and its first derivatives stay within
// the limits of the table below. The same sweep, denser, writes docs/accuracy.md.
#include <array>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <sstream>

#include "autograd/record_pointwise.h"
#include "tests/accuracy/limits.h"
#include "tests/accuracy/sweep.h"
#include "tests/autograd/pointwise_table.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr std::int64_t kTestSamples = 1 << 15, kTableSamples = 1 << 22,
                       kAllFloats = std::int64_t{1} << 32;

const char* setting(const char* name) {
    const char* const value = std::getenv(name);
    return value ? value : "";
}

std::string number(const LargestError& error) {
    std::ostringstream text;
    text.precision(3);
    if (error.ulps > kUnlimited) return "-";
    text << error.ulps;
    return text.str();
}

void check_within(const char* op, const char* what, const LargestError& error, double limit) {
    CHECK_MESSAGE((error.ulps <= limit || limit > kUnlimited), std::string(op), what, ": ",
                  error.ulps, " ULP, limit ", limit, ", at ", error.at);
}

const AccuracyLimits& limits_of(const char* op) {
    const auto at = accuracy_limits().find(op);
    REQUIRE_MESSAGE(at != accuracy_limits().end(), std::string(op),
                    " needs a line in tests/accuracy/limits.h");
    return at->second;
}

// "| 0.91 | 0.87 ": the cells of one sweep, which is checked.
std::string value_cells(const PointwiseOp& op, std::int64_t samples) {
    const Accuracy accuracy = sweep_value(op, samples);
    check_within(op.name, "", accuracy.relative, limits_of(op.name).value);
    check_within(op.name, ", scaled", accuracy.scaled, limits_of(op.name).value_scaled);
    return "| " + number(accuracy.relative) + " | " + number(accuracy.scaled) + " ";
}
std::string derivative_cells(const PointwiseOp& op, std::int64_t samples) {
    const Accuracy accuracy = sweep_derivatives(op, samples);
    check_within(op.name, "'", accuracy.relative, limits_of(op.name).derivative);
    check_within(op.name, "', scaled", accuracy.scaled, limits_of(op.name).derivative_scaled);
    return "| " + number(accuracy.relative) + " | " + number(accuracy.scaled) + " ";
}

// Replaces what stands between the page's two marks.
void write_table(const std::string& page, const std::string& name, const std::string& table) {
    std::ifstream in(page);
    std::stringstream buffer;
    buffer << in.rdbuf();
    const std::string text = buffer.str(), begin = "<!-- " + name + " -->\n", end = "<!-- end -->";
    const std::size_t from = text.find(begin);
    REQUIRE(from != std::string::npos);
    const std::size_t after = from + begin.size();
    std::ofstream(page) << text.substr(0, after) << table << text.substr(text.find(end, after));
}

}  // namespace

TEST_CASE("accuracy: every pointwise op in f32 is within its limits over the whole range") {
    const std::string page = setting("EPS_ACCURACY_PAGE");
    const std::int64_t samples = page.empty() ? kTestSamples : kTableSamples;
    std::string table = "| op | value | scaled | derivative | scaled |\n|---|---|---|---|---|\n";
    for (const PointwiseOp* op : all_pointwise_ops())
        if (op->kind != PointwiseKind::predicate)
            table += "| " + std::string(op->name) + " " + value_cells(*op, samples) +
                     derivative_cells(*op, samples) + "|\n";
    if (!page.empty()) write_table(page, "sweep", table);
}

TEST_CASE("accuracy: exp, log, tanh, sigmoid and erf of every float, where asked for") {
    const std::string page = setting("EPS_ACCURACY_ALL_FLOATS");
    if (page.empty()) return;
    std::string table = "| op | value | scaled |\n|---|---|---|\n";
    for (const PointwiseOp* op : all_pointwise_ops())
        for (const char* name : {"exp", "log", "tanh", "sigmoid", "erf"})
            if (std::string(op->name) == name)
                table += "| " + std::string(name) + " " + value_cells(*op, kAllFloats) + "|\n";
    write_table(page, "all floats", table);
}

// Lines of op, x, value, first and second derivative in f64, for compare_mpmath.py.
TEST_CASE("accuracy: f64 values and derivatives written for mpmath, where asked for") {
    const std::string path = setting("EPS_ACCURACY_DUMP");
    if (path.empty()) return;
    std::vector<double> points;
    for (int exponent = -40; exponent <= 40; ++exponent)
        for (double m : {1.0, 1.37, 1.83, -1.0, -1.37, -1.83})
            points.push_back(std::ldexp(m, exponent));
    for (double x = -12; x <= 12; x += 0.37) points.push_back(x);
    const Tensor x = tensor(points, {}, {.dtype = f64}), g = ones_like(x);
    std::ofstream out(path);
    out.precision(17);
    for (const PointwiseOp* op : all_pointwise_ops()) {
        if (op->kind == PointwiseKind::predicate || op->arity > 1 || op->attribute_bytes) continue;
        std::array<Tensor, 3> orders;
        for (std::size_t order = 0; order < orders.size(); ++order) {
            orders[order] = empty_like(x);
            run_entry(*op, op->default_attributes, order, orders[order], g, {x});
        }
        for (std::size_t i = 0; i < points.size(); ++i) {
            out << op->name << ' ' << points[i];
            for (const Tensor& y : orders) out << ' ' << y.data<double>()[i];
            out << '\n';
        }
    }
}
