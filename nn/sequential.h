#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "nn/module.h"

namespace eps::nn {

/// Modules one after the other, owned: y = f_n(.. f_1(x)). Their names are "0", "1", ..., as in
/// PyTorch. Empty, it is the identity.
///
///     Sequential net;
///     net.add<Linear>(784, 400).add<ReLU>().add<Linear>(400, 10, LinearOptions{.bias = false});
class Sequential final : public Module {
public:
    Sequential() = default;
    /// Makes a Layer from these arguments and appends it; returns *this.
    template <class Layer, class... Arguments> Sequential& add(Arguments&&... arguments) {
        return add(std::make_unique<Layer>(std::forward<Arguments>(arguments)...));
    }
    /// Appends a module that was made elsewhere.
    Sequential& add(std::unique_ptr<Module> layer);
    Tensor forward(const Tensor& x) override;

    std::size_t size() const { return layers_.size(); }
    /// Layer i; throws if there is none.
    Module& operator[](std::size_t i) const;

private:
    std::vector<std::unique_ptr<Module>> layers_;
};

/// y = x
class Identity final : public Module {
public:
    Tensor forward(const Tensor& x) override { return x; }
};

/// Dims start..end (both included) joined into one: [B, C, H, W] -> [B, C H W].
class Flatten final : public Module {
public:
    explicit Flatten(std::int64_t start = 1, std::int64_t end = -1) : start_(start), end_(end) {}
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t start_, end_;
};

}  // namespace eps::nn
