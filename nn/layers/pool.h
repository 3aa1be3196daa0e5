#pragma once
// Pooling layers for images [B, C, H, W] and signals [B, C, L]. The kernel has the same size,
// stride and padding in every dimension; a stride of 0 is the kernel's size. Formulas and extents:
// autograd/ops/image/pool.h.
#include "autograd/ops/image/pool.h"
#include "nn/module.h"

namespace eps::nn {

struct MaxPoolOptions {
    std::int64_t stride = 0, padding = 0, dilation = 1;
    bool ceil_mode = false;
};

class MaxPool2d final : public Module {
public:
    using Options = MaxPoolOptions;
    explicit MaxPool2d(std::int64_t kernel, const MaxPoolOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return max_pool2d(x, {kernel_, kernel_},
                          {.stride = {o_.stride, o_.stride},
                           .padding = {o_.padding, o_.padding},
                           .dilation = {o_.dilation, o_.dilation},
                           .ceil_mode = o_.ceil_mode});
    }
    std::string extra_repr() const override { return str(kernel_, "x", kernel_); }

private:
    std::int64_t kernel_;
    MaxPoolOptions o_;
};

class MaxPool1d final : public Module {
public:
    using Options = MaxPoolOptions;
    explicit MaxPool1d(std::int64_t kernel, const MaxPoolOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return max_pool1d(x, kernel_,
                          {.stride = o_.stride,
                           .padding = o_.padding,
                           .dilation = o_.dilation,
                           .ceil_mode = o_.ceil_mode});
    }
    std::string extra_repr() const override { return str(kernel_); }

private:
    std::int64_t kernel_;
    MaxPoolOptions o_;
};

struct AvgPoolOptions {
    std::int64_t stride = 0, padding = 0;
    bool ceil_mode = false, count_include_pad = true;
};

class AvgPool2d final : public Module {
public:
    using Options = AvgPoolOptions;
    explicit AvgPool2d(std::int64_t kernel, const AvgPoolOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return avg_pool2d(x, {kernel_, kernel_},
                          {.stride = {o_.stride, o_.stride},
                           .padding = {o_.padding, o_.padding},
                           .ceil_mode = o_.ceil_mode,
                           .count_include_pad = o_.count_include_pad});
    }
    std::string extra_repr() const override { return str(kernel_, "x", kernel_); }

private:
    std::int64_t kernel_;
    AvgPoolOptions o_;
};

class AvgPool1d final : public Module {
public:
    using Options = AvgPoolOptions;
    explicit AvgPool1d(std::int64_t kernel, const AvgPoolOptions& options = {})
        : kernel_(kernel), o_(options) {}
    Tensor forward(const Tensor& x) override {
        return avg_pool1d(x, kernel_,
                          {.stride = o_.stride,
                           .padding = o_.padding,
                           .ceil_mode = o_.ceil_mode,
                           .count_include_pad = o_.count_include_pad});
    }
    std::string extra_repr() const override { return str(kernel_); }

private:
    std::int64_t kernel_;
    AvgPoolOptions o_;
};

/// Averages every image to `size` x `size` pixels; 1 gives the mean of each channel.
class AdaptiveAvgPool2d final : public Module {
public:
    explicit AdaptiveAvgPool2d(std::int64_t size) : size_(size) {}
    Tensor forward(const Tensor& x) override { return adaptive_avg_pool2d(x, {size_, size_}); }
    std::string extra_repr() const override { return str(size_, "x", size_); }

private:
    std::int64_t size_;
};

}  // namespace eps::nn
