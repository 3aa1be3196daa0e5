// eps doctor: the machine, and what it lacks.
#include <thread>

#include "cli/commands.h"
#include "cli/machine.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "experiments/data/images.h"
#include "tensor/config.h"
#include "tensor/runtime/isa.h"
#include "tensor/contract/kernels.h"
#include "tensor/runtime/parallel.h"

namespace eps::cli {
namespace {

std::string data_text(const std::string& name) {
    try {
        const data::ImageDataset train = data::load_images(name, "train"),
                                 test = data::load_images(name, "test");
        return str(train.images.size(0), " + ", test.images.size(0), " images ",
                   train.images.size(1), "x", train.images.size(2));
    } catch (const Error& error) { return str("missing: ", error.what()); }
}

}  // namespace

int run(const DoctorArguments&) {
    Table table;
    table.row({"version", EPS_VERSION});
    table.row({"CPU", cpu_model()});
    table.row({"instructions", isa_text()});
    if (const std::string missing = missing_isa(); !missing.empty())
        table.row({"", "this CPU LACKS " + missing + ": build again here"});
    table.row(
        {"threads", str(num_threads(), " of ", std::thread::hardware_concurrency(), " cores")});
    table.row({"BLAS", blas_text()});
    table.row({"memory", memory_text()});
    table.row({"CUDA", cuda_text()});
    for (int index = 1; index < kernels::cuda::device_count(); ++index)
        table.row({"", str("cuda:", index, " ", kernels::cuda::device_summary(index))});
    for (const char* name : {"fashion-mnist", "mnist"}) table.row({name, data_text(name)});
    print(table.to_string());
    return exit_ok;
}

}  // namespace eps::cli
