#pragma once
// The times t that a training step uses.
#include <cstdint>

#include "tensor/random.h"
#include "tensor/tensor.h"

namespace eps::models::ddpm {

/// Times drawn with probabilities p_t, and importance weights 1 / (T p_t), with which a mean over t
/// is that of uniform t.
struct DrawnTimes {
    Tensor t;       // i64 [B]
    Tensor weight;  // f64 [B]
};

/// t ~ Uniform({1, ..., T}), both ends included.
class UniformTimes {
public:
    explicit UniformTimes(std::int64_t steps) : steps_(steps) {}
    DrawnTimes draw(std::int64_t count, Generator& generator, Device device = cpu) const;

private:
    std::int64_t steps_;
};

/// p_t proportional to sqrt(E L_t^2), estimated from the last 10 losses of each t; uniform until
/// every t has 10.
/// Source: Nichol & Dhariwal 2021, section 3.3.
class ImportanceTimes {
public:
    explicit ImportanceTimes(std::int64_t steps);
    DrawnTimes draw(std::int64_t count, Generator& generator) const;
    /// Records the losses [B] of the drawn t [B], without their weights.
    void update(const Tensor& t, const Tensor& losses);
    /// p_1 .. p_T: f64 [T]
    Tensor probabilities() const;

    /// Copies of "times.losses" f64 [T, 10] and "times.counts" i64 [T], for a checkpoint.
    NamedTensors state() const;
    /// Throws: naming the tensor that does not fit, before anything is changed.
    void load_state(const NamedTensors& state);

private:
    Tensor losses_;  // f64 [T, 10]; the newest loss of t is in column (count - 1) % 10
    Tensor counts_;  // i64 [T], losses recorded so far
};

}  // namespace eps::models::ddpm
