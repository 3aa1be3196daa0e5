#pragma once
// Text for people: wrapped, quoted, in columns.
#include <string>
#include <vector>

#include "experiments/run/shell_quoted.h"

namespace eps::cli {

/// The candidate that a mistyped word most likely meant: the closest within an edit distance of a
/// third of its length, or of 1 if that is more. "" if there is none.
std::string closest(const std::string& word, const std::vector<std::string>& candidates);
/// `text` in lines of at most `width` columns. Every line but the first begins with `indent`
/// spaces.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width);
using models::shell_quoted;
/// "0:07", "12:34", "1:02:03"
std::string duration(double seconds);
/// `value` with `digits` significant digits, as printf's %g.
std::string significant(double value, int digits);
/// The text as a message or a table shows it. Names in files and arguments may hold anything, but
/// no terminal should obey them, so control characters become '?'; and of more than 2000 bytes the
/// middle is left out.
std::string printable(std::string_view text);
/// "1.5 GB"
std::string bytes_text(double bytes);

/// Rows of cells in columns, each as wide as its widest cell and two spaces apart. Counts
/// characters, not bytes.
class Table {
public:
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    std::string to_string() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace eps::cli
