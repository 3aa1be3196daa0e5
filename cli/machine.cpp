#include "cli/machine.h"

#include <fstream>

#include "cli/arguments.h"
#include "cli/text.h"
#include "tensor/config.h"
#include "tensor/error.h"
#include "tensor/runtime/isa.h"
#include "tensor/runtime/parallel.h"
#include "tensor/contract/kernels.h"

namespace eps::cli {
namespace {

// The value of the first line "key : value" of a file of /proc.
std::string proc_value(const char* file, const std::string& key) {
    std::ifstream lines(file);
    for (std::string line; std::getline(lines, line);) {
        if (!line.starts_with(key)) continue;
        const std::size_t begin = line.find_first_not_of(" \t", line.find(':') + 1);
        return begin == std::string::npos ? "" : line.substr(begin);
    }
    return "unknown";
}

double kilobytes(const std::string& text) { return 1024 * std::atof(text.c_str()); }

}  // namespace

void use_threads(std::int64_t threads) {
    if (threads == 0) return;
    set_num_threads(static_cast<int>(threads));
    if (num_threads() != threads)
        throw UsageError("eps", str("--threads is ", threads, "; expected 0 to ", num_threads()));
}

std::string cpu_model() { return proc_value("/proc/cpuinfo", "model name"); }

std::string isa_text() {
    const std::string compiled = compiled_isa(), available = available_isa();
    return compiled == available ? compiled : str(compiled, " (this CPU has ", available, ")");
}

std::string blas_text() {
    try {
        return blas_summary();
    } catch (const Error& error) { return str("missing: ", error.what()); }
}

std::string cuda_text() {
    return str(kernels::cuda::device_count() > 0 ? "cuda:0 " : "", kernels::cuda::device_summary());
}

std::string memory_text() {
    const double available = kilobytes(proc_value("/proc/meminfo", "MemAvailable")),
                 total = kilobytes(proc_value("/proc/meminfo", "MemTotal"));
    return str(bytes_text(available), " free of ", bytes_text(total));
}

std::string version_text() {
    return str("eps ", EPS_VERSION, "\nBLAS  OpenBLAS, loaded when first needed: see eps doctor",
               "\nCPU   ", isa_text(), "\nCUDA  ", cuda_text(), "\n");
}

}  // namespace eps::cli
