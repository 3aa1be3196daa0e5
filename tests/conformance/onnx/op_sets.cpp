#include "tests/conformance/onnx/op_sets.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>

#include "tensor/error.h"
#include "tests/conformance/onnx/case.h"

namespace eps::conformance {
namespace fs = std::filesystem;
namespace {

constexpr std::int64_t kFirst = 18, kLast = 26;
constexpr const char* kVersion = "1.22.0";  // of the package for which the lists were made

std::string list_of(std::int64_t op_set) { return std::to_string(op_set) + ".txt"; }

// pip names a folder beside the package after its version. The data are in backend/test/data.
bool is_listed_version(const fs::path& data) {
    const fs::path package = data.parent_path().parent_path().parent_path();
    return fs::is_directory(package.parent_path() / str("onnx-", kVersion, ".dist-info"));
}

// The cases on disk, "node/test_abs", of the op sets that the lists are for. Some models cannot be
// read here, such as those with strings; they count, too.
std::vector<std::string> cases_on_disk(const fs::path& data) {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(data / "node")) {
        bool is_newer = true;
        try {
            const std::int64_t op_set = op_set_of(entry.path());
            is_newer = op_set >= kFirst && op_set <= kLast;
        } catch (const Error&) {}
        if (is_newer) names.push_back("node/" + entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

struct Count {
    std::size_t passed = 0, missing = 0, wrong = 0;
};

Count run_op_set(const CaseLists& lists, const fs::path& folder, const fs::path& data,
                 std::int64_t op_set) {
    Count count;
    for (const std::string& name : names_in(folder / list_of(op_set))) {
        if (!fs::is_directory(data / name)) {
            ++count.missing;
            continue;
        }
        std::string what = run_case(data / name, lists.tolerance(name));
        if (what.empty() && op_set_of(data / name) != op_set)
            what = "is not of op set " + std::to_string(op_set);
        ++(what.empty() ? count.passed : count.wrong);
        if (!what.empty()) std::printf("%s: %s\n", name.c_str(), what.c_str());
    }
    std::printf("ONNX op set %lld: %zu cases passed, %zu failed", static_cast<long long>(op_set),
                count.passed, count.wrong);
    std::printf(count.missing ? ", %zu are not in this package\n" : "\n", count.missing);
    return count;
}

std::string output_of(const char* command) {
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command, "r"), pclose);
    std::array<char, 4096> text{};
    if (!pipe || !std::fgets(text.data(), text.size(), pipe.get())) return "";
    std::string line(text.data());
    line.erase(line.find_last_not_of('\n') + 1);
    return line;
}

}  // namespace

std::string newer_data() {
    fs::path data;
    if (const char* const chosen = std::getenv("EPS_ONNX_NEWER")) {
        data = chosen;
    } else {
        // find_spec does not import the package, which would take a second.
        const fs::path package = output_of(
            "python3 -c 'import importlib.util as u; print(u.find_spec(\"onnx\").origin)' "
            "2>/dev/null");
        data = package.parent_path() / "backend/test/data";
    }
    return fs::is_directory(data / "node") ? data.string() : "";
}

int run_op_sets(const std::string& folder, const std::string& data) {
    std::vector<std::string> files;
    for (std::int64_t n = kFirst; n <= kLast; ++n) files.push_back(list_of(n));
    const CaseLists lists(folder, files);
    const bool listed_version = is_listed_version(data);
    std::size_t wrong = 0, passed = 0;
    for (std::int64_t n = kFirst; n <= kLast; ++n) {
        const Count count = run_op_set(lists, folder, data, n);
        passed += count.passed;
        wrong += count.wrong;
    }
    for (const CaseLists::Marked& m : lists.quarantine)
        if (fs::is_directory(fs::path(data) / m.name) &&
            run_case(fs::path(data) / m.name).empty()) {
            std::printf("%s is in quarantine, but passes\n", m.name.c_str());
            ++wrong;
        }
    const std::vector<std::string> on_disk = cases_on_disk(data);
    const std::vector<std::string> differences = check_lists(lists, on_disk);
    if (listed_version) {
        for (const std::string& what : differences) std::printf("%s\n", what.c_str());
        wrong += differences.size();
    } else if (!differences.empty()) {
        std::printf("onnx is not version %s: %zu cases are in no list, or missing\n", kVersion,
                    differences.size());
    }
    const auto outside =
        std::count_if(on_disk.begin(), on_disk.end(),
                      [&](const std::string& name) { return lists.outside(name) != nullptr; });
    std::printf(
        "ONNX op sets %lld to %lld: %zu cases on disk, %zu passed, %zu in quarantine, %td out of "
        "scope; %zu errors\n",
        static_cast<long long>(kFirst), static_cast<long long>(kLast), on_disk.size(), passed,
        lists.quarantine.size(), outside, wrong);
    return static_cast<int>(wrong);
}

}  // namespace eps::conformance
