#include "nn/named_tensors.h"

#include <unordered_map>

#include "autograd/grad_mode.h"
#include "tensor/raw_copy.h"

namespace eps::nn {
namespace {

constexpr int kShown = 8;  // more faults of one kind are only counted

/// Faults of one kind: "missing a, b and 3 more".
class List {
public:
    explicit List(const char* heading) : heading_(heading) {}
    void add(const std::string& item) {
        if (count_ < kShown) text_.append(count_ ? ", " : " ").append(item);
        ++count_;
    }
    int count() const { return count_; }
    std::string to_string() const {
        return str("; ", heading_, text_,
                   count_ > kShown ? str(" and ", count_ - kShown, " more") : "");
    }

private:
    const char* heading_;
    std::string text_;
    int count_ = 0;
};

}  // namespace

std::vector<TargetAndSource> match_by_name(const char* op, const NamedTensors& targets,
                                           const NamedTensors& state) {
    List missing("missing"), unknown("unknown"), repeated("given twice"), differing("differing");
    std::unordered_map<std::string, Tensor> sources;
    for (const auto& [name, source] : state)
        if (!sources.emplace(name, source).second) repeated.add(name);

    std::vector<TargetAndSource> matches;
    std::size_t found = 0;
    for (const auto& [name, target] : targets) {
        const auto source = sources.find(name);
        if (source == sources.end()) {
            missing.add(name);
            continue;
        }
        ++found;
        const Tensor& given = source->second;
        if (given.defined() && given.shape() == target.shape() && given.dtype() == target.dtype())
            matches.push_back({target, given});
        else
            differing.add(
                str(name, " (got ", describe(given), ", expected ", describe(target), ")"));
    }
    if (found < sources.size()) {
        for (const auto& [name, target] : targets) sources.erase(name);
        for (const auto& [name, source] : state)
            if (sources.contains(name)) unknown.add(name);
    }

    std::string faults;
    for (const List* list : {&missing, &unknown, &repeated, &differing})
        if (list->count()) faults += list->to_string();
    check(faults.empty(), op, "the state does not fit, and nothing was changed", faults);
    return matches;
}

void copy_by_name(const char* op, const NamedTensors& targets, const NamedTensors& state) {
    std::vector<TargetAndSource> matches = match_by_name(op, targets, state);
    for (auto& [target, source] : matches) source = raw::to(source, target.device());
    NoGrad guard;
    for (auto& [target, source] : matches) target.copy_(source);  // needs no memory
}

}  // namespace eps::nn
