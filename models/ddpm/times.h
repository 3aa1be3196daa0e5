#pragma once
// Which t a training step looks at.
#include <cstdint>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// t with probability p_t, and 1 / (T p_t), which keeps the mean over t what it is when t is
/// uniform. t i64 [B], weight f64 [B].
struct DrawnTimes {
    Tensor t, weight;
};

/// t ~ Uniform({1, ..., T}), both ends included.
class UniformTimes {
public:
    explicit UniformTimes(std::int64_t steps) : steps_(steps) {}
    DrawnTimes draw(std::int64_t count, Generator& generator, Device device = cpu) const;

private:
    std::int64_t steps_;
};

/// p_t proportional to sqrt(E L_t^2), from the last 10 losses of each t; uniform until all have
/// them   (Nichol & Dhariwal 2021, section 3.3)
class ImportanceTimes {
public:
    explicit ImportanceTimes(std::int64_t steps);
    DrawnTimes draw(std::int64_t count, Generator& generator) const;
    /// Takes in the losses of the drawn t, without their weights: [B], [B], in order.
    void update(const Tensor& t, const Tensor& losses);
    /// p_1 .. p_T: f64 [T]
    Tensor probabilities() const;

    /// "times.losses" f64 [T, 10] and "times.counts" i64 [T]: copies.
    NamedTensors state() const;
    /// Throws, naming what does not fit; then nothing was changed.
    void load_state(const NamedTensors& state);

private:
    Tensor losses_;  // f64 [T, 10], the newest of t at column (count - 1) % 10
    Tensor counts_;  // i64 [T], losses seen so far
};

}  // namespace eps::models::ddpm
