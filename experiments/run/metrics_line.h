#pragma once
// One line of metrics.jsonl as text, and back.
#include <optional>
#include <string>
#include <string_view>

#include "experiments/run/metrics_log.h"

namespace eps::models {

/// Makes `text` the line, with its line end.
void write_line(const MetricsLine& line, std::string& text);
/// The line of a text without line end; nothing if it is damaged.
std::optional<MetricsLine> parse_line(std::string_view text);

}  // namespace eps::models
