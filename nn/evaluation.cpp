#include "nn/evaluation.h"

#include "nn/optim/ema.h"

namespace eps::nn {

Evaluation::Evaluation(Module& module, EMA* average) : module_(module) {
    for (Module* each : module.modules()) modes_.emplace_back(each, each->training_);
    if (average && !average->is_in(module)) {
        average->swap(module);
        swapped_ = average;
    }
    for (const auto& [each, training] : modes_) each->training_ = false;  // needs no memory
}

Evaluation::~Evaluation() {
    for (const auto& [module, training] : modes_) module->training_ = training;
    if (swapped_) swapped_->swap(module_);
}

}  // namespace eps::nn
