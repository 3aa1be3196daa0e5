// eps ops: every operation, and what it can do on which device.
#include "autograd/catalog.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "models/training/flat_json.h"
#include "tensor/config.h"

namespace eps::cli {
namespace {

// Whether the order-th derivative is there (0: the value itself).
bool has(const OpInfo& op, int order) { return order == 0 || (op.differentiable && (op.max_order < 0 || op.max_order >= order)); }

struct Device {
    const char* name;
    bool on_cuda;
};
constexpr Device kDevices[] = {{"cpu", false}, {"cuda", true}};
constexpr const char* kOrders[] = {"forward", "backward", "second order"};

bool can(const OpInfo& op, const Device& device, int order) { return (!device.on_cuda || (EPS_WITH_CUDA && op.cuda)) && has(op, order); }

std::string table() {
    Table table;
    table.row({"", "", "cpu", "", "", "cuda", "", ""});
    table.row({"operation", "kind", "forward", "backward", "second", "forward", "backward", "second"});
    for (const OpInfo& op : op_catalog()) {
        std::vector<std::string> cells{op.name, op.kind};
        for (const Device& device : kDevices)
            for (int order = 0; order < 3; ++order) cells.emplace_back(can(op, device, order) ? "yes" : "-");
        table.row(cells);
    }
    return table.to_string();
}

std::string json() {
    std::string text = "[";
    for (const OpInfo& op : op_catalog()) {
        models::Fields fields{{"name", op.name}, {"kind", op.kind}, {"max_order", std::int64_t{op.max_order}}};
        for (const Device& device : kDevices)
            for (int order = 0; order < 3; ++order)
                fields.emplace_back(str(device.name, "_", order == 2 ? "second_order" : kOrders[order]), can(op, device, order));
        text += (text.size() > 1 ? ",\n " : "\n ") + models::to_json(fields);
    }
    return text + "\n]\n";
}

}  // namespace

int run(const OpsArguments& arguments) {
    if (!EPS_WITH_CUDA && !arguments.json) talk("This program is built without CUDA; build with -DEPS_CUDA=ON to see that side.\n");
    print(arguments.json ? json() : table());
    return exit_ok;
}

}  // namespace eps::cli
