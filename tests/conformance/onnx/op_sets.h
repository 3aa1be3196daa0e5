#pragma once
// The operator tests of op sets that are newer than Debian's package, from Python's package onnx.
#include <string>

namespace eps::conformance {

/// The folder of test data in Python's package onnx: what EPS_ONNX_NEWER says, or where python3
/// finds the package. "" if there is none.
std::string newer_data();

/// Runs the cases of op sets 18 to 26 that the lists in `folder` name, op set by op set, and prints
/// how many passed, and what was skipped. Returns how many things are wrong. Versions of the
/// package differ in their cases: in that for which the lists were made, one that is missing or in
/// no list is an error, in others it is only counted.
int run_op_sets(const std::string& folder, const std::string& data);

}  // namespace eps::conformance
