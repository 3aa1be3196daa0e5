// eps info: describes a run folder or a file.
#include <algorithm>
#include <cctype>
#include <filesystem>

#include "cli/commands.h"
#include "cli/png.h"
#include "cli/runs.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "experiments/data/idx.h"
#include "experiments/run/checkpoint.h"
#include "experiments/run/flat_json.h"
#include "experiments/run/run_folder.h"
#include "tensor/io/npy.h"
#include "tensor/io/safetensors.h"

namespace eps::cli {
namespace {

// "1234567" -> "1,234,567"
std::string grouped(std::int64_t number) {
    std::string text = std::to_string(number);
    for (std::size_t at = text.size();
         at > 3 && std::isdigit(static_cast<unsigned char>(text[at - 4])) != 0; at -= 3)
        text.insert(at - 3, ",");
    return text;
}

std::string settings_of(const models::Config& config) {
    Table settings;
    for (const auto& [key, value] : config.entries())
        if (key != "family") settings.row({"  " + key, models::json_value(value)});
    return "\nSettings\n" + settings.to_string();
}

std::string last_metrics(models::RunFolder& run) {
    const auto line = run.metrics().last();
    show_notes({run.metrics().skipped()});
    if (!line) return "";
    Table metrics;
    metrics.row({"  step", grouped(line->step)});
    metrics.row({"  seconds", significant(line->seconds, 6)});
    for (const auto& [name, value] : line->scalars)
        metrics.row({"  " + name, significant(value, 6)});
    return "\nLast metrics\n" + metrics.to_string();
}

std::string describe_run(const std::string& path, models::EditedConfig edited) {
    models::RunFolder run = models::RunFolder::open(path, edited);
    Table table;
    table.row({"family", printable(run.family())});
    models::CheckpointInfo info;
    if (run.has_checkpoint()) {
        info = models::checkpoint_info(run.checkpoint_file().string());
        table.row({"steps", grouped(info.step)});
        table.row({"parameters", grouped(info.parameters)});
        table.row({"saved by", "eps " + printable(info.version)});
    } else {
        table.row({"steps", "no checkpoint yet"});
    }
    show_notes({run.config_note(), info.note});
    return table.to_string() + settings_of(run.config()) + last_metrics(run);
}

// A checkpoint's data are checked, too.
void check_checkpoint(const std::string& path, const SafetensorsFile& file) {
    for (const char* key : {"family", "step", "checksum"})
        if (!file.metadata.contains(key)) return;
    models::checkpoint_info(path);
}

std::string describe_safetensors(const std::string& path) {
    constexpr std::size_t kMostRows = 1000, kMostBytes = 100'000;  // of names
    const SafetensorsFile file = read_safetensors(path);
    check_checkpoint(path, file);
    Table table;
    std::int64_t numbers = 0;
    std::size_t rows = 0, bytes = 0;
    for (std::size_t i = 0; i < file.size(); ++i) {
        const SafetensorsFile::Entry entry = file.entry(i);
        numbers += numel(entry.shape);
        bytes += entry.name.size();
        if (i >= kMostRows || bytes > kMostBytes) continue;
        table.row({printable(entry.name),
                   entry.dtype ? std::string(to_string(*entry.dtype)) : entry.type,
                   entry.shape.to_string()});
        ++rows;
    }
    std::string text = table.to_string();
    if (file.size() > rows) text += str("... and ", file.size() - rows, " more\n");
    text += str(file.size(), " tensors, ", grouped(numbers), " numbers\n");
    for (const auto& [key, value] : file.metadata)
        text += printable(key) + " = " + printable(value) + "\n";
    return text;
}

std::string describe_tensor(const Tensor& x) { return str(x.dtype(), " ", x.shape(), "\n"); }

std::string describe_file(const std::string& path) {
    const std::string name = std::filesystem::path(path).filename().string();
    if (name.ends_with(".safetensors")) return describe_safetensors(path);
    if (name.ends_with(".npy")) return describe_tensor(read_npy(path));
    if (name.ends_with(".png")) return describe_tensor(read_png(path));
    if (name.find("idx") != std::string::npos || name.ends_with(".gz"))
        return describe_tensor(data::read_idx(path));
    fail("info", "'", path,
         "' is not a kind of file that eps knows; expected the folder of a run, or a file "
         ".safetensors, .npy, .png, "
         "or IDX (...idx3-ubyte, .gz)");
}

}  // namespace

int run(const InfoArguments& arguments) {
    std::error_code ignored;
    const bool folder = std::filesystem::is_directory(arguments.path, ignored);
    check(folder || std::filesystem::exists(arguments.path, ignored), "info", "there is no '",
          arguments.path, "'");
    print(folder ? describe_run(arguments.path, arguments.edited) : describe_file(arguments.path));
    return exit_ok;
}

}  // namespace eps::cli
