#pragma once
// Words for people: wrapped, quoted, corrected.
#include <string>
#include <vector>

namespace eps::cli {

/// The candidate that a mistyped word most likely meant (edit distance at most a third of its
/// length, one at least); "" if there is none.
std::string closest(const std::string& word, const std::vector<std::string>& candidates);
/// `text` in lines of at most `width` columns; every line but the first begins with `indent`
/// spaces.
std::string wrapped(const std::string& text, std::size_t indent, std::size_t width);
/// For a line that is to be pasted into a shell.
std::string shell_quoted(const std::string& word);
/// "0:07", "12:34", "1:02:03"
std::string duration(double seconds);
/// `value` with `digits` significant digits, as printf's %g.
std::string significant(double value, int digits);
/// Control characters become '?': names in files may hold anything, and nothing of it may reach the
/// terminal as a command.
std::string printable(std::string text);
/// "1.5 GB"
std::string bytes_text(double bytes);

/// Columns padded to the width of their widest cell and two spaces apart. Counts characters, not
/// bytes.
class Table {
public:
    void row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }
    std::string to_string() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace eps::cli
