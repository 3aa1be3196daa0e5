// The cases of ONNX's operator test data (Debian's libonnx-testdata): all that cases.txt lists must
// pass, and no case on disk may be missing from the lists.
//
//     eps_conformance                    runs all cases
//     eps_conformance node/test_abs ...  runs these cases
//
// The exit status is 1 if something is wrong, and 77 if the data are not installed.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/conformance/onnx/case.h"

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

int run_named(const CaseLists& lists, const fs::path& root, const std::vector<std::string>& names) {
    int failures = 0;
    for (const std::string& name : names) {
        const std::string what = run_case(root / name, lists.tolerance(name));
        std::printf("%s: %s\n", name.c_str(), what.empty() ? "passed" : what.c_str());
        failures += !what.empty();
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
    const char* const chosen = std::getenv("EPS_ONNX_TESTDATA");
    const fs::path root = chosen ? chosen : "/usr/share/libonnx-testdata/data";
    if (!fs::is_directory(root)) {
        std::printf("skipped: no ONNX test data in %s; apt-get install libonnx-testdata\n",
                    root.c_str());
        return kSkipped;
    }
    const CaseLists lists(EPS_SOURCE_DIR "/tests/conformance/onnx");
    return count > 1 ? run_named(lists, root, {arguments + 1, arguments + count})
                     : run_all(lists, root);
} catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
}
