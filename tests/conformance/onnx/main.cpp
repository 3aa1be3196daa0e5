// The cases of ONNX's operator test data: those of Debian's libonnx-testdata, op sets to 17, and
// those of op sets 18 to 26 in Python's package onnx. All that the lists name must pass, and no
// case on disk may be missing from them.
//
//     eps_conformance                    runs all cases
//     eps_conformance node/test_abs ...  runs these cases
//
// The exit status is 1 if something is wrong, and 77 if no data are installed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/conformance/onnx/case.h"
#include "tests/conformance/onnx/op_sets.h"

namespace fs = std::filesystem;
using namespace eps::conformance;

namespace {

constexpr int kSkipped = 77;

// "node/test_abs", ...
std::vector<std::string> cases_on_disk(const fs::path& root) {
    std::vector<std::string> names;
    for (const auto& group : fs::directory_iterator(root))
        for (const auto& entry : fs::directory_iterator(group))
            if (entry.is_directory())
                names.push_back(group.path().filename() / entry.path().filename());
    std::sort(names.begin(), names.end());
    return names;
}

/// What the lists of one source of cases say, and where its data are.
struct Source {
    CaseLists lists;
    fs::path data;
};

// A case may be in both sources, of different op sets.
int run_named(const std::vector<Source>& sources, const std::vector<std::string>& names) {
    int failures = 0;
    for (const std::string& name : names) {
        bool found = false;
        for (const Source& source : sources) {
            if (!fs::is_directory(source.data / name)) continue;
            found = true;
            const std::string what = run_case(source.data / name, source.lists.tolerance(name));
            std::printf("%s: %s\n", name.c_str(), what.empty() ? "passed" : what.c_str());
            failures += !what.empty();
        }
        if (!found) std::printf("%s: is not among the test data\n", name.c_str());
        failures += !found;
    }
    return failures != 0;
}

int run_all(const CaseLists& lists, const fs::path& root) {
    const std::vector<std::string> on_disk = cases_on_disk(root);
    std::vector<std::string> wrong = check_lists(lists, on_disk);
    for (const std::string& name : lists.cases)
        if (const std::string what = run_case(root / name, lists.tolerance(name)); !what.empty())
            wrong.push_back(name + ": " + what);
    for (const CaseLists::Marked& m : lists.quarantine)
        if (run_case(root / m.name).empty())
            wrong.push_back(m.name + " is in quarantine, but passes");
    for (const std::string& what : wrong) std::printf("%s\n", what.c_str());
    const auto outside =
        std::count_if(on_disk.begin(), on_disk.end(),
                      [&](const std::string& name) { return lists.outside(name); });
    std::printf(
        "ONNX: %zu cases on disk, %zu must pass, %zu are in quarantine, %td out of scope; %zu "
        "errors\n",
        on_disk.size(), lists.cases.size(), lists.quarantine.size(), outside, wrong.size());
    return !wrong.empty();
}

}  // namespace

int main(int count, char** arguments) try {
    const std::string folder = EPS_SOURCE_DIR "/tests/conformance/onnx";
    const std::string op_sets = folder + "/op_sets";
    const char* const chosen = std::getenv("EPS_ONNX_TESTDATA");
    const fs::path root = chosen ? chosen : "/usr/share/libonnx-testdata/data";
    const std::string newer = newer_data();
    const bool has_root = fs::is_directory(root), has_newer = !newer.empty();
    if (!has_root)
        std::printf("skipped: no ONNX test data in %s; apt-get install libonnx-testdata\n",
                    root.c_str());
    if (!has_newer) std::printf("skipped: op sets 18 to 26, which pip install onnx==1.22.0 has\n");
    if (!has_root && !has_newer) return kSkipped;
    if (count > 1) {
        std::vector<Source> sources;
        if (has_newer) sources.push_back({CaseLists(op_sets, {}), newer});
        if (has_root) sources.push_back({CaseLists(folder), root});
        return run_named(sources, {arguments + 1, arguments + count});
    }
    const int wrong = has_root ? run_all(CaseLists(folder), root) : 0;
    return (has_newer ? run_op_sets(op_sets, newer) : 0) + wrong != 0;
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
