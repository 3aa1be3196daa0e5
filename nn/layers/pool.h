#pragma once
// Pooling layers, of images [B, C, H, W] and signals [B, C, L]; the same size, stride and padding
// in every dimension. Formulas and extents: autograd/ops/image/pool.h. A stride of 0 is the
// kernel's size.
#include "autograd/ops/image/pool.h"
#include "nn/module.h"

namespace eps::nn {

struct MaxPoolLayerOptions {
    std::int64_t stride = 0, padding = 0, dilation = 1;
    bool ceil_mode = false;
};
class MaxPool2d final : public Module {
public:
    explicit MaxPool2d(std::int64_t kernel, const MaxPoolLayerOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return max_pool2d(x, {kernel_, kernel_},
                          {{o_.stride, o_.stride},
                           {o_.padding, o_.padding},
                           {o_.dilation, o_.dilation},
                           o_.ceil_mode});
    }

private:
    std::int64_t kernel_;
    MaxPoolLayerOptions o_;
};
class MaxPool1d final : public Module {
public:
    explicit MaxPool1d(std::int64_t kernel, const MaxPoolLayerOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return max_pool1d(x, kernel_, {o_.stride, o_.padding, o_.dilation, o_.ceil_mode});
    }

private:
    std::int64_t kernel_;
    MaxPoolLayerOptions o_;
};

struct AvgPoolLayerOptions {
    std::int64_t stride = 0, padding = 0;
    bool ceil_mode = false, count_include_pad = true;
};
class AvgPool2d final : public Module {
public:
    explicit AvgPool2d(std::int64_t kernel, const AvgPoolLayerOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return avg_pool2d(x, {kernel_, kernel_},
                          {{o_.stride, o_.stride},
                           {o_.padding, o_.padding},
                           {1, 1},
                           o_.ceil_mode,
                           o_.count_include_pad});
    }

private:
    std::int64_t kernel_;
    AvgPoolLayerOptions o_;
};
class AvgPool1d final : public Module {
public:
    explicit AvgPool1d(std::int64_t kernel, const AvgPoolLayerOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return avg_pool1d(x, kernel_,
                          {o_.stride, o_.padding, 1, o_.ceil_mode, o_.count_include_pad});
    }

private:
    std::int64_t kernel_;
    AvgPoolLayerOptions o_;
};

/// Every image averaged to `size` x `size`; 1 is the mean of each channel.
class AdaptiveAvgPool2d final : public Module {
public:
    explicit AdaptiveAvgPool2d(std::int64_t size) : size_(size) {}
    Tensor forward(const Tensor& x) override { return adaptive_avg_pool2d(x, {size_, size_}); }

private:
    std::int64_t size_;
};

}  // namespace eps::nn
