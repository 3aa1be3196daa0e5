#include "cli/text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>
#include <string_view>

#include "tensor/error.h"

namespace eps::cli {
namespace {

// The Damerau-Levenshtein distance: a swap of neighbours counts as one change, too.
std::size_t edit_distance(const std::string& a, const std::string& b) {
    std::vector<std::size_t> before, last(b.size() + 1), row(b.size() + 1);
    std::iota(last.begin(), last.end(), std::size_t{0});
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min(
                {last[j] + 1, row[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = std::min(row[j], before[j - 2] + 1);
        }
        before = last;
        last = row;
    }
    return last[b.size()];
}

bool continues_character(char byte) { return (byte & 0xC0) == 0x80; }  // in UTF-8

std::size_t columns(const std::string& text) {
    return text.size() -
           static_cast<std::size_t>(std::count_if(text.begin(), text.end(), continues_character));
}

}  // namespace

std::string closest(const std::string& word, const std::vector<std::string>& candidates) {
    // The distance takes time with the product of the lengths.
    constexpr std::size_t kLongest = 100;
    if (word.size() > kLongest) return "";
    std::string best;
    std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
    for (const std::string& candidate : candidates)
        if (const std::size_t distance = edit_distance(word, candidate); distance < least) {
            least = distance;
            best = candidate;
        }
    return best;
}

std::string wrapped(const std::string& text, std::size_t indent, std::size_t width) {
    std::string out;
    std::size_t column = indent;
    for (std::size_t begin = 0; begin < text.size();) {
        const std::size_t end = std::min(text.find(' ', begin), text.size());
        const std::string word = text.substr(begin, end - begin);
        if (column > indent && column + 1 + columns(word) > width) {
            out += "\n" + std::string(indent, ' ');
            column = indent;
        } else if (column > indent) {
            out += ' ';
            ++column;
        }
        out += word;
        column += columns(word);
        begin = end + 1;
    }
    return out;
}

std::string duration(double seconds) {
    if (!(seconds < 100 * 3600.0)) return "long";
    const auto whole = static_cast<int>(std::lround(std::max(0.0, seconds)));
    char text[32];
    if (whole >= 3600)
        std::snprintf(text, sizeof text, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    else
        std::snprintf(text, sizeof text, "%d:%02d", whole / 60, whole % 60);
    return text;
}

std::string significant(double value, int digits) {
    char text[64];
    std::snprintf(text, sizeof text, "%.*g", digits, value);
    return text;
}

std::string printable(std::string_view text) {
    constexpr std::size_t kLongest = 2000, kEnd = 500;
    std::size_t begin = text.size(), end = text.size();  // of what is left out
    if (text.size() > kLongest) {
        begin = kLongest - kEnd;
        end = text.size() - kEnd;
        while (begin > 0 && continues_character(text[begin])) --begin;
        while (end < text.size() && continues_character(text[end])) ++end;
    }
    std::string shown(text.substr(0, begin));
    if (begin < end) shown += str(" [", end - begin, " bytes] ", text.substr(end));
    std::replace_if(
        shown.begin(), shown.end(), [](unsigned char c) { return c < ' ' || c == 127; }, '?');
    return shown;
}

std::string bytes_text(double bytes) {
    const char* unit = "B";
    for (const char* next : {"kB", "MB", "GB", "TB"}) {
        if (bytes < 1000) break;
        bytes /= 1000;
        unit = next;
    }
    return significant(bytes, 3) + " " + unit;
}

std::string Table::to_string() const {
    std::vector<std::size_t> widths;
    for (const auto& cells : rows_)
        for (std::size_t i = 0; i < cells.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], columns(cells[i]));
        }
    std::string out;
    for (const auto& cells : rows_) {
        for (std::size_t i = 0; i < cells.size(); ++i) {
            out += cells[i];
            if (i + 1 < cells.size()) out += std::string(widths[i] - columns(cells[i]) + 2, ' ');
        }
        while (!out.empty() && out.back() == ' ') out.pop_back();
        out += '\n';
    }
    return out;
}

}  // namespace eps::cli
