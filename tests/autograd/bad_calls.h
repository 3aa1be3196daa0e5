#pragma once
// Public functions called wrongly. bad_calls_test.cpp makes every call, and docs/ops.md shows the
// errors.
#include <vector>

namespace eps::test {

struct BadCall {
    const char* op;  // the op that throws
    void (*call)();
    std::vector<const char*> says;  // fragments of the error's sentence
};

/// A line of a table: EPS_THROWS("squeeze", squeeze(x, 0), "extent 4", "[4, 3]").
#define EPS_THROWS(op, call, ...)         \
    {                                     \
        op, [] { call; }, { __VA_ARGS__ } \
    }

std::vector<BadCall> bad_calls();

// Its parts, each in the file of its name.
void add_bad_calls_tensors(std::vector<BadCall>& calls);
void add_bad_calls_math(std::vector<BadCall>& calls);
void add_bad_calls_linalg(std::vector<BadCall>& calls);
void add_bad_calls_shapes(std::vector<BadCall>& calls);
void add_bad_calls_indexing(std::vector<BadCall>& calls);
void add_bad_calls_images(std::vector<BadCall>& calls);
void add_bad_calls_operators(std::vector<BadCall>& calls);

}  // namespace eps::test
