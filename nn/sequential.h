#pragma once
#include <memory>
#include <utility>
#include <vector>

#include "nn/module.h"

namespace eps::nn {

/// Modules one after the other, which it owns: y = f_n(.. f_1(x)). They are named "0", "1", ..., as
/// in PyTorch. An empty one is the identity.
///
///     nn::Sequential net;
///     net.add<nn::Linear>(784, 400).add<nn::ReLU>().add<nn::Linear>(400, 10, {.bias = false});
class Sequential final : public Module {
public:
    Sequential() = default;
    /// Makes a Layer from these arguments, appends it, and returns *this.
    template <class Layer, class... Arguments> Sequential& add(Arguments&&... arguments) {
        return add(std::make_unique<Layer>(std::forward<Arguments>(arguments)...));
    }
    /// The same for layers whose last argument is a Layer::Options, written {.name = value}.
    template <class Layer> Sequential& add(std::int64_t a, const typename Layer::Options& options) {
        return add(std::make_unique<Layer>(a, options));
    }
    template <class Layer>
    Sequential& add(std::int64_t a, std::int64_t b, const typename Layer::Options& options) {
        return add(std::make_unique<Layer>(a, b, options));
    }
    template <class Layer>
    Sequential& add(std::int64_t a, std::int64_t b, std::int64_t c,
                    const typename Layer::Options& options) {
        return add(std::make_unique<Layer>(a, b, c, options));
    }
    /// Appends a module that exists already.
    Sequential& add(std::unique_ptr<Module> layer);
    Tensor forward(const Tensor& x) override;

    std::size_t size() const { return layers_.size(); }
    /// Layer i.
    /// Throws: if there is none.
    Module& operator[](std::size_t i) const;

private:
    std::vector<std::unique_ptr<Module>> layers_;
};

/// y = x
class Identity final : public Module {
public:
    Tensor forward(const Tensor& x) override { return x; }
};

/// Joins the dimensions start..end, both included, into one: [B, C, H, W] -> [B, C H W].
class Flatten final : public Module {
public:
    explicit Flatten(std::int64_t start = 1, std::int64_t end = -1) : start_(start), end_(end) {}
    Tensor forward(const Tensor& x) override;

private:
    std::int64_t start_, end_;
};

}  // namespace eps::nn
