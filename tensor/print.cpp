#include "tensor/print.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>
#include <ostream>
#include <string_view>
#include <vector>

#include "tensor/create.h"
#include "tensor/raw_copy.h"

namespace eps {
namespace {

// -- 1. which elements are shown ------------------------------------------------------------------

struct Layout {
    Shape shape;
    PrintOptions options;
    bool summarise = false;

    bool cut(int dim) const { return summarise && shape[dim] > 2 * options.edge_items; }
    // Calls f(i) for each index of the dimension that is shown, and gap() where some are omitted.
    template <class F, class Gap> void for_shown(int dim, F&& f, Gap&& gap) const {
        for (std::int64_t i = 0; i < shape[dim]; ++i) {
            if (cut(dim) && i == options.edge_items) {
                gap();
                i = shape[dim] - options.edge_items;
            }
            if (i < shape[dim]) f(i);
        }
    }
};

template <class T>
void collect(const Tensor& x, const Layout& layout, int dim, std::int64_t at,
             std::vector<T>& shown) {
    if (dim == x.rank())
        shown.push_back(x.data<T>()[at]);
    else
        layout.for_shown(
            dim,
            [&](std::int64_t i) { collect(x, layout, dim + 1, at + i * x.strides()[dim], shown); },
            [] {});
}

// -- 2. the elements as words of one width --------------------------------------------------------

std::string padded(const std::string& text, std::size_t width) {
    return std::string(width > text.size() ? width - text.size() : 0, ' ') + text;
}

// The parts of a decimal number: "-1.25e-07" is {"-1", "25", "-07"}. The exponent has its sign and
// at least two digits.
struct Decimal {
    std::string whole, fraction, exponent;
};

template <class T> std::string digits(T x, std::chars_format format, std::optional<int> precision) {
    char buffer[512];  // the longest fixed double has 309 digits before the point
    const auto result = precision
                            ? std::to_chars(buffer, buffer + sizeof buffer, x, format, *precision)
                            : std::to_chars(buffer, buffer + sizeof buffer, x, format);
    return {buffer, result.ptr};
}

Decimal split(std::string_view text) {
    const std::size_t e = std::min(text.find('e'), text.size());
    const std::size_t point = std::min(text.find('.'), e);
    const std::size_t fraction = std::min(point + 1, e);
    Decimal d{.whole = std::string(text.substr(0, point)),
              .fraction = std::string(text.substr(fraction, e - fraction)),
              .exponent = ""};
    if (e < text.size()) d.exponent = text.substr(e + 1);
    while (d.fraction.ends_with('0')) d.fraction.pop_back();
    return d;
}

// The fewest digits that identify x; rounded if these are more than `precision` after the point.
template <class T> Decimal decimal(T x, bool scientific, int precision) {
    const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
    const Decimal shortest = split(digits(x, format, std::nullopt));
    if (shortest.fraction.size() <= static_cast<std::size_t>(precision)) return shortest;
    return split(digits(x, format, precision));
}

// NumPy's rule: the numbers are too large (an f32 above 1e6 has no digit to spare), too small, or
// too far apart for one fixed format.
template <class T> bool needs_scientific(const std::vector<T>& values, bool suppress_small) {
    T largest = 0, smallest = 0;
    for (const T x : values) {
        if (!std::isfinite(x) || x == 0) continue;
        largest = std::max(largest, std::abs(x));
        smallest = smallest == 0 ? std::abs(x) : std::min(smallest, std::abs(x));
    }
    if (largest == 0) return false;
    return largest >= (sizeof(T) == 4 ? T(1e6) : T(1e8)) ||
           (!suppress_small && (smallest < T(1e-4) || largest / smallest > T(1000)));
}

struct Widths {
    std::size_t whole = 0, fraction = 0, exponent = 0;
};

std::string fixed_word(const Decimal& d, const Widths& w) {
    return padded(d.whole, w.whole) + "." + d.fraction +
           std::string(w.fraction - d.fraction.size(), ' ');
}

// Every number gets as many digits as the longest, and all digits are true: an f32 that 7.18540e9
// identifies may be 7.1854008e9.
template <class T> std::string scientific_word(T x, const Widths& w) {
    const std::string text = digits(x, std::chars_format::scientific, static_cast<int>(w.fraction));
    const Decimal d = split(text);
    const std::string fraction = w.fraction == 0 ? "" : text.substr(d.whole.size() + 1, w.fraction);
    const std::string zeros(w.exponent - d.exponent.size(), '0');
    return padded(d.whole, w.whole) + "." + fraction + "e" + d.exponent.substr(0, 1) + zeros +
           d.exponent.substr(1);
}

template <class T> std::string not_finite_word(T x) {
    return std::isnan(x) ? "nan" : x < 0 ? "-inf" : "inf";
}

template <class T>
std::vector<std::string> float_words(const std::vector<T>& values, const PrintOptions& options) {
    const bool scientific = needs_scientific(values, options.suppress_small);
    std::vector<Decimal> decimals;
    Widths w;
    for (const T x : values) {
        decimals.push_back(std::isfinite(x) ? decimal(x, scientific, options.precision)
                                            : Decimal{});
        const Decimal& d = decimals.back();
        w = {std::max(w.whole, d.whole.size()), std::max(w.fraction, d.fraction.size()),
             std::max(w.exponent, d.exponent.size())};
    }
    const std::size_t tail = 1 + w.fraction + (scientific ? w.exponent + 1 : 0);
    for (const T x : values)
        if (!std::isfinite(x)) {
            const std::size_t size = not_finite_word(x).size();
            w.whole = std::max(w.whole, size - std::min(tail, size));
        }
    std::vector<std::string> words;
    for (std::size_t i = 0; i < values.size(); ++i) {
        const T x = values[i];
        if (!std::isfinite(x))
            words.push_back(padded(not_finite_word(x), w.whole + tail));
        else if (scientific)
            words.push_back(scientific_word(x, w));
        else
            words.push_back(fixed_word(decimals[i], w));
    }
    return words;
}

// A single float, as Python prints it: scientific below 1e-4 and from 1e16 (f32: 1e6) on.
template <class T> std::string float_scalar(T x) {
    if (!std::isfinite(x)) return not_finite_word(x);
    const double size = std::abs(static_cast<double>(x));
    const bool scientific = size >= (sizeof(T) == 4 ? 1e6 : 1e16) || (size != 0 && size < 1e-4);
    const auto format = scientific ? std::chars_format::scientific : std::chars_format::fixed;
    const Decimal d = split(digits(x, format, std::nullopt));
    if (scientific)
        return d.whole + (d.fraction.empty() ? "" : "." + d.fraction) + "e" + d.exponent;
    return d.whole + "." + (d.fraction.empty() ? "0" : d.fraction);
}

template <class T>
std::vector<std::string> words_of(const std::vector<T>& values, const PrintOptions& options,
                                  bool scalar) {
    if constexpr (is_stored_only<T>) {
        std::vector<float> wide;
        for (const T x : values) wide.push_back(static_cast<float>(x));
        return words_of(wide, options, scalar);
    } else if constexpr (std::is_floating_point_v<T>) {
        return scalar ? std::vector{float_scalar(values[0])} : float_words(values, options);
    } else {
        std::vector<std::string> words;
        std::size_t width = std::is_same_v<T, bool> && !scalar ? 5 : 0;
        for (const T x : values) {
            if constexpr (std::is_same_v<T, bool>)
                words.push_back(x ? "True" : "False");
            else
                words.push_back(std::to_string(x));
            width = std::max(width, words.back().size());
        }
        for (std::string& word : words) word = padded(word, width);
        return words;
    }
}

// -- 3. the words in brackets and lines -----------------------------------------------------------

class Writer {
public:
    Writer(const Layout& layout, const std::vector<std::string>& words)
        : layout_(layout), words_(words) {}

    // The text of one slice, which begins at column `indent`. Its lines end before column `room`.
    std::string slice(int dim, std::size_t indent, std::size_t room) {
        const int last = layout_.shape.rank() - 1;
        if (dim == last) return "[" + row(indent + 1, room - 1) + "]";
        const std::string line_ends(static_cast<std::size_t>(last - dim), '\n');
        const std::string between = line_ends + std::string(indent + 1, ' ');
        std::string text;
        const auto add = [&](const std::string& part) {
            text += (text.empty() ? "" : between) + part;
        };
        layout_.for_shown(
            dim, [&](std::int64_t) { add(slice(dim + 1, indent + 1, room - 1)); },
            [&] { add("..."); });
        return "[" + text + "]";
    }

private:
    // The last dimension: words separated by spaces, wrapped at the line width and indented.
    std::string row(std::size_t indent, std::size_t room) {
        std::string text;
        std::size_t column = indent;
        const auto add = [&](const std::string& word) {
            const std::size_t gap = text.empty() ? 0 : 1;
            if (column + gap + word.size() > room && column > indent) {
                while (text.ends_with(' ')) text.pop_back();
                text += "\n" + std::string(indent, ' ') + word;
                column = indent + word.size();
            } else {
                text += std::string(gap, ' ') + word;
                column += gap + word.size();
            }
        };
        layout_.for_shown(
            layout_.shape.rank() - 1, [&](std::int64_t) { add(words_[next_++]); },
            [&] { add("..."); });
        return text;
    }

    const Layout& layout_;
    const std::vector<std::string>& words_;
    std::size_t next_ = 0;
};

}  // namespace

std::string to_string(const Tensor& x, const PrintOptions& options) {
    if (!x.defined()) return "undefined";
    if (x.numel() == 0) return "[]";
    const Layout layout{x.shape(), options, x.numel() > options.threshold};
    const Tensor host = raw::to(x, cpu);
    const std::vector<std::string> words = visit(x.dtype(), [&]<class T>() {
        std::vector<T> shown;
        collect(host, layout, 0, 0, shown);
        return words_of(shown, options, x.rank() == 0);
    });
    if (x.rank() == 0) return words[0];
    const int line_width = std::max(options.line_width, 2 * kMaxRank);
    return Writer(layout, words).slice(0, 0, static_cast<std::size_t>(line_width));
}

std::string to_string(const Tensor& x) { return to_string(x, PrintOptions{}); }

std::ostream& operator<<(std::ostream& out, const Tensor& x) { return out << to_string(x); }

}  // namespace eps
