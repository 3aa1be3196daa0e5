#pragma once
#include <utility>
#include <vector>

#include "autograd/grad_mode.h"
#include "nn/module.h"

namespace eps::nn {

class EMA;

/// Evaluates a module until the end of the scope: no gradients are recorded, the module and all
/// below it are in evaluation mode, and its weights are averages where an EMA is given.
///
///     const nn::Evaluation evaluation(net, average);
///     save(net(noise));  // averaged weights, no dropout, no graph
///
/// The end of the scope, also by an exception, restores what was before: the trained weights bit
/// for bit, and the mode of each module, so that one which was frozen in evaluation mode stays so.
/// Scopes nest: an inner one leaves the averages where an outer one has put them.
/// Throws: if the averages do not fit the module; then nothing was changed.
class Evaluation {
public:
    /// average: nullptr for the module's own weights.
    explicit Evaluation(Module& module, EMA* average = nullptr);
    Evaluation(Module& module, EMA& average) : Evaluation(module, &average) {}
    ~Evaluation();
    Evaluation(const Evaluation&) = delete;
    Evaluation& operator=(const Evaluation&) = delete;

private:
    NoGrad no_grad_;
    Module& module_;
    EMA* swapped_ = nullptr;                       // whose averages this scope put in
    std::vector<std::pair<Module*, bool>> modes_;  // every module, and whether it was training
};

}  // namespace eps::nn
