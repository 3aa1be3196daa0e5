#pragma once
// A case of ONNX's test data is a folder: a model, and sets of inputs with the outputs they must
// give.
#include <string>
#include <vector>

#include "tests/conformance/onnx/compare.h"

namespace eps::conformance {

/// Runs every data set of the case in `folder`. "" if all outputs are as expected, or a sentence
/// that says what is wrong.
std::string run_case(const std::string& folder, const Tolerance& tolerance = {});

/// Which cases there should be: cases.txt, quarantine.txt, out_of_scope.txt; and rounded.txt.
struct CaseLists {
    struct Marked {
        std::string name, reason;
    };
    std::vector<std::string> cases;  // must pass
    // are at odds with the specification, and must fail; at most 8
    std::vector<Marked> quarantine;
    std::vector<Marked> out_of_scope;  // patterns: '*' stands for anything
    // patterns of those of the cases whose expected values have few digits: ONNX's tolerance holds
    std::vector<Marked> rounded;

    explicit CaseLists(const std::string& folder);
    const Marked* quarantined(const std::string& name) const;
    const Marked* outside(const std::string& name) const;
    Tolerance tolerance(const std::string& name) const;
};

/// What is wrong between the lists and the cases that are there, "folder/name", a sentence each.
std::vector<std::string> check_lists(const CaseLists& lists,
                                     const std::vector<std::string>& on_disk);

}  // namespace eps::conformance
