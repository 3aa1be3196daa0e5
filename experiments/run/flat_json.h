#pragma once
// Flat JSON objects, {"key": true | 1 | 1.5 | "text", ...}: config.json, the lines of
// metrics.jsonl, and the output of `eval --json`.
#include <string>
#include <string_view>

#include "experiments/run/config.h"

namespace eps::models {

using Fields = std::vector<std::pair<std::string, Value>>;

/// Parses one object, strictly: no nesting, no key twice, at most 1000 keys, in printable ASCII.
/// `null` is an error; with nulls = true it is NaN. Throws an Error of `op` that says what is wrong
/// in `where`
/// ("'run/config.json'").
Fields parse_flat_json(std::string_view text, const char* op, const std::string& where,
                       bool nulls = false);

/// `text` as a JSON string with its quotes. Throws on invalid UTF-8.
std::string json_quoted(const std::string& text);
/// A double with a point or an exponent, so that it reads back as a double; `null` for NaN and
/// infinities.
std::string json_number(double value);
std::string json_value(const Value& value);
/// {"a": 1, "b": 2.5} on one line, or each field on a line of its own.
std::string to_json(const Fields& fields, bool line_each = false);

}  // namespace eps::models
