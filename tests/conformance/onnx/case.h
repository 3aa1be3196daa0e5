#pragma once
// A case of ONNX's test data is a folder: a model, and sets of inputs with the outputs they must
// give.
#include <string>
#include <vector>

#include "tests/conformance/onnx/compare.h"

namespace eps::conformance {

/// Runs every data set of the case in `folder`. Returns "" if all outputs are as expected, else a
/// sentence that says what is wrong.
std::string run_case(const std::string& folder, const Tolerance& tolerance = {});

/// The op set of the case's model.
std::int64_t op_set_of(const std::string& folder);

/// The names in a list: its lines that are not empty and do not begin with '#'.
std::vector<std::string> names_in(const std::string& file);

/// The lists of cases in a folder, "group/name" each.
struct CaseLists {
    struct Marked {
        std::string name, reason;
    };
    std::vector<std::string> cases;  // must pass
    std::vector<Marked> quarantine;  // contradict the specification, and must fail; at most 8
    // Patterns, in which '*' stands for anything:
    std::vector<Marked> out_of_scope;  // are not run
    std::vector<Marked> rounded;       // have few digits, and are compared with ONNX's tolerance

    /// `files` are the lists of cases that must pass.
    explicit CaseLists(const std::string& folder,
                       const std::vector<std::string>& files = {"cases.txt"});
    const Marked* quarantined(const std::string& name) const;
    const Marked* outside(const std::string& name) const;
    Tolerance tolerance(const std::string& name) const;
};

/// Compares the lists with the cases on disk; a sentence for each thing that is wrong.
std::vector<std::string> check_lists(const CaseLists& lists,
                                     const std::vector<std::string>& on_disk);

}  // namespace eps::conformance
