#pragma once
// Error, the one exception type of the library, and check() and fail(), which throw it.
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace eps {

/// Thrown for every failure. `what()` is one sentence: "op: what is wrong; got ...; expected ...;
/// hint: ...".
class Error : public std::runtime_error {
public:
    Error(std::string_view op, const std::string& sentence)
        : std::runtime_error(std::string(op) + ": " + sentence), op_(op) {}
    /// The operation that threw, e.g. "matmul".
    const std::string& op() const { return op_; }
    /// what() without the operation in front: "what is wrong; got ...; ...".
    std::string sentence() const { return what() + op_.size() + 2; }

private:
    std::string op_;
};

/// This computer lacks what was asked for: a data set, a GPU. The call itself is right.
class Unavailable : public Error {
public:
    using Error::Error;
};

namespace detail {
inline std::string to_text(const char* s) { return s; }
inline std::string to_text(char* s) { return s; }
inline std::string to_text(std::string_view s) { return std::string(s); }
inline std::string to_text(const std::string& s) { return s; }
inline std::string to_text(bool b) { return b ? "true" : "false"; }
std::string to_text(double x);  // the shortest text that reads back as x
inline std::string to_text(float x) { return to_text(static_cast<double>(x)); }
template <class T> std::string to_text(const T& x) {
    if constexpr (requires { x.to_string(); }) {
        return x.to_string();
    } else if constexpr (requires { std::to_string(x); }) {
        return std::to_string(x);
    } else {
        return to_string(x);  // found by argument-dependent lookup
    }
}
}  // namespace detail

/// Concatenates anything printable: numbers, strings, shapes, dtypes, devices, tensors.
template <class... Parts> std::string str(const Parts&... parts) {
    return (std::string() + ... + detail::to_text(parts));
}

/// Throws Error(op, str(parts...)).
template <class... Parts>
[[noreturn, gnu::cold, gnu::noinline]] void fail(std::string_view op, const Parts&... parts) {
    throw Error(op, str(parts...));
}

/// Throws Error(op, str(parts...)) unless `condition` holds. The parts are formatted only then.
template <class Op, class... Parts>
inline void check(bool condition, const Op& op, const Parts&... parts) {
    if (!condition) [[unlikely]]
        fail(op, parts...);
}

}  // namespace eps
