// eps ops: every operation, with the derivatives it has in each type and on the GPU.
#include "autograd/catalog.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "experiments/run/flat_json.h"
#include "tensor/config.h"

namespace eps::cli {
namespace {

constexpr const char* kTypes[] = {"f32", "f64", "cuda"};  // the last is both types on the GPU
constexpr const char* kOrders[] = {"forward", "backward", "second_order"};

// Whether the op has its derivative of this order (0: the value). Every kernel has f32 and f64; the
// tests check it.
bool has_derivative(const OpInfo& op, const std::string& type, int order) {
    if (type == "cuda" && !op.cuda) return false;
    return order == 0 || op.max_order < 0 || op.max_order >= order;
}

std::string table() {
    Table table;
    table.row({"", "", "f32", "", "", "f64", "", "", "cuda", "", "", ""});
    table.row({"operation", "kind", "fwd", "bwd", "2nd", "fwd", "bwd", "2nd", "fwd", "bwd", "2nd",
               "no derivative because it"});
    for (const OpInfo& op : op_catalog()) {
        std::vector<std::string> cells{op.name, op.kind};
        for (const char* type : kTypes)
            for (int order = 0; order < 3; ++order)
                cells.emplace_back(has_derivative(op, type, order) ? "yes" : "-");
        cells.emplace_back(op.why_not ? op.why_not : "");
        table.row(cells);
    }
    return table.to_string();
}

std::string json() {
    std::string text = "[";
    for (const OpInfo& op : op_catalog()) {
        models::Fields fields{
            {"name", op.name}, {"kind", op.kind}, {"max_order", std::int64_t{op.max_order}}};
        for (const char* type : kTypes)
            for (int order = 0; order < 3; ++order)
                fields.emplace_back(str(type, "_", kOrders[order]),
                                    has_derivative(op, type, order));
        if (op.why_not) fields.emplace_back("no_derivative_because", op.why_not);
        text += (text.size() > 1 ? ",\n " : "\n ") + models::to_json(fields);
    }
    return text + "\n]\n";
}

}  // namespace

int run(const OpsArguments& arguments) {
    if (!EPS_WITH_CUDA && !arguments.json)
        talk(
            "The cuda columns are those of a build with -DEPS_CUDA=ON; this program is built "
            "without.\n");
    print(arguments.json ? json() : table());
    return exit_ok;
}

}  // namespace eps::cli
