#pragma once
// Public functions called wrongly, and who has to refuse: bad_calls_test.cpp calls them all, and
// docs/ops.md shows what they say.
#include <vector>

namespace eps::test {

struct BadCall {
    const char* op;  // who refuses
    void (*call)();
    std::vector<const char*> says;  // fragments of the sentence
};

std::vector<BadCall> bad_calls();

}  // namespace eps::test
