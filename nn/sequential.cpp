#include "nn/sequential.h"

#include "autograd/ops/shape/shape.h"

namespace eps::nn {

Sequential& Sequential::add(std::unique_ptr<Module> layer) {
    check(layer != nullptr, "Sequential", "the layer is null");
    Module::add(std::to_string(layers_.size()), *layer);
    layers_.push_back(std::move(layer));
    return *this;
}

Tensor Sequential::forward(const Tensor& x) {
    Tensor y = x;
    for (const auto& layer : layers_) y = (*layer)(y);
    return y;
}

Module& Sequential::operator[](std::size_t i) const {
    check(i < layers_.size(), "Sequential", "no such layer; got ", i, "; there are ",
          layers_.size());
    return *layers_[i];
}

Tensor Flatten::forward(const Tensor& x) { return flatten(x, start_, end_); }

}  // namespace eps::nn
