#pragma once
// Asked by every planted fault: the program holds all of them, and the environment chooses one.
//     EPS_MUTANT=17            the fault that is active; none without it
//     EPS_MUTANTS_REACHED=F    append to the file F, at the end, the numbers of the faults whose
//                              places were executed
#include <cstdio>
#include <cstdlib>
#include <type_traits>

namespace eps::mutation {

constexpr int kMost = 4096;

inline const int active = std::getenv("EPS_MUTANT") ? std::atoi(std::getenv("EPS_MUTANT")) : -1;
inline const char* const record = std::getenv("EPS_MUTANTS_REACHED");

/// Which places were executed. Threads write the same value, so races are benign.
struct Reached {
    int flags[kMost] = {};
    /// Appends the numbers as words to a file, and forgets them.
    void append_to(std::FILE* file) {
        for (int n = 0; n < kMost; ++n)
            if (flags[n]) std::fprintf(file, " %d", n);
        for (int& flag : flags) flag = 0;
    }
    // Programs that tests start report here what they have reached.
    ~Reached() {
        if (std::FILE* const file = record ? std::fopen(record, "a") : nullptr) {
            append_to(file);
            std::fclose(file);
        }
    }
};
inline Reached reached;

}  // namespace eps::mutation

/// Whether fault n is active. Never at compile time, where formulas are traced for their inputs.
constexpr bool eps_mutant(int n) {
    if (std::is_constant_evaluated()) return false;
    if (eps::mutation::record) eps::mutation::reached.flags[n] = 1;
    return n == eps::mutation::active;
}
