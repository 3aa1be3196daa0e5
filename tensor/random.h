#pragma once
// Random tensors. A Generator is a seed and a counter; drawing moves the counter on, and the same
// (seed, counter) gives the same numbers on every device and for any number of threads.
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

class Generator;

/// What a piece of code drew from generators, so that it can draw the same once more: see
/// autograd/checkpoint.h.
class RandomTape {
public:
    enum class Mode { record, replay, pause };
    /// Until the end of the scope, what this thread draws goes on the tape, too (record); or comes
    /// from it, and no generator moves on (replay); or has nothing to do with any tape (pause).
    /// Scopes nest: what an inner one records comes from the outer one. Replaying throws where the
    /// draws are not those of the tape.
    class Scope {
    public:
        Scope(RandomTape& tape, Mode mode);
        ~Scope();
        Scope(const Scope&) = delete;
        Scope& operator=(const Scope&) = delete;

    private:
        friend class Generator;
        static std::uint64_t reserve(Scope* scope, Generator& generator, std::int64_t blocks);
        RandomTape& tape_;
        Mode mode_;
        std::size_t next_ = 0;
        Scope* outer_;
    };

private:
    struct Draw {
        std::uint64_t seed, counter;
        std::int64_t blocks;
    };
    std::vector<Draw> draws_;
};

/// Not for use by two threads at once: give each its own fork.
class Generator {
public:
    explicit Generator(std::uint64_t seed = 0, std::uint64_t counter = 0)
        : seed_(seed), counter_(counter) {}
    Generator(const Generator&) = default;
    Generator& operator=(const Generator&) = default;
    ~Generator();  // a Step that refers to this one is told
    std::uint64_t seed() const { return seed_; }
    std::uint64_t counter() const { return counter_; }
    void set_state(std::uint64_t seed, std::uint64_t counter) {
        seed_ = seed;
        counter_ = counter;
    }
    /// The counter of the first of `blocks` blocks (four words each) that nobody else will draw.
    std::uint64_t reserve(std::int64_t blocks);
    /// An independent generator: the numbers of fork(a) and fork(b) have nothing in common, and do
    /// not depend on what was drawn here.
    Generator fork(std::uint64_t stream) const;

private:
    friend class RandomTape::Scope;
    std::uint64_t seed_, counter_;
};

/// Used where no generator is given; seeded with 0 until manual_seed.
Generator& default_generator();
void manual_seed(std::uint64_t seed);

/// Blocks of four 32-bit words that `count` elements take: an element of eight bytes (f64, i64)
/// takes two words, any other takes one.
std::int64_t blocks_for(std::int64_t count, DType dtype);

/// Uniform on [0, 1): multiples of 2^-24 (f32) or 2^-53 (f64).
Tensor rand(const Shape& shape, Options options, Generator& generator = default_generator());
Tensor rand(const Shape& shape, Generator& generator = default_generator());
/// Standard normal.
Tensor randn(const Shape& shape, Options options, Generator& generator = default_generator());
Tensor randn(const Shape& shape, Generator& generator = default_generator());
/// Integers of [low, high): i64, or as options say; every dtype and device gets the same integers.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape,
               Generator& generator = default_generator());
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Options options,
               Generator& generator = default_generator());
/// 1 with probability p (of each element, or the same for all), else 0. Probabilities are compared
/// as f32.
Tensor bernoulli(const Tensor& p, Generator& generator = default_generator());
Tensor bernoulli(double p, const Shape& shape, Options options = {},
                 Generator& generator = default_generator());
/// 0 .. n-1 in random order, i64   (Fisher & Yates)
Tensor randperm(std::int64_t n, Generator& generator = default_generator());
Tensor randperm(std::int64_t n, Device device, Generator& generator = default_generator());

}  // namespace eps
