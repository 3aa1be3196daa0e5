#pragma once
#include "nn/module.h"

namespace eps::nn {

/// A module in evaluation mode until the end of the scope, then as it was.
class Evaluating {
public:
    explicit Evaluating(Module& module) : module_(module), before_(module.is_training()) {
        module_.eval();
    }
    ~Evaluating() { module_.train(before_); }
    Evaluating(const Evaluating&) = delete;
    Evaluating& operator=(const Evaluating&) = delete;

private:
    Module& module_;
    bool before_;
};

}  // namespace eps::nn
