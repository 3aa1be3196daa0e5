#pragma once
// Random tensors. A Generator is a seed and a counter. Drawing advances the counter, and the same
// (seed, counter) gives the same numbers on every device and for any number of threads.
#include <cstdint>
#include <vector>

#include "tensor/tensor.h"

namespace eps {

class Generator;

/// Records which random numbers a piece of code drew, so that it can draw the same again: see
/// autograd/checkpoint.h.
class RandomTape {
public:
    enum class Mode {
        record,  // draws come from the generator, and the tape notes them
        replay,  // draws come from the tape, and no generator advances
        pause,   // draws come from the generator, and no tape notes them
    };
    /// Applies a mode to the draws of this thread until the scope ends. Scopes nest: a draw that an
    /// inner scope records is drawn from the outer one.
    /// Throws, while replaying, on a draw that differs from the one on the tape.
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

/// A stream of random numbers. Two threads must not share one: give each its own fork().
class Generator {
public:
    explicit Generator(std::uint64_t seed = 0, std::uint64_t counter = 0)
        : seed_(seed), counter_(counter) {}
    Generator(const Generator&) = default;
    Generator& operator=(const Generator&) = default;
    ~Generator();  // tells the captured step that draws from this generator
    std::uint64_t seed() const { return seed_; }
    std::uint64_t counter() const { return counter_; }
    void set_state(std::uint64_t seed, std::uint64_t counter) {
        seed_ = seed;
        counter_ = counter;
    }
    /// Reserves `blocks` blocks of four words each. Returns the counter of the first.
    std::uint64_t reserve(std::int64_t blocks);
    /// A generator independent of this one and of its other forks. It depends on the seed and on
    /// `stream`, but not on how many numbers were drawn here.
    Generator fork(std::uint64_t stream) const;

private:
    friend class RandomTape::Scope;
    std::uint64_t seed_, counter_;
};

/// The default argument of the functions below; seeded with 0 until manual_seed.
Generator& default_generator();
void manual_seed(std::uint64_t seed);

/// How many blocks of four 32-bit words `count` elements take: an element of eight bytes (f64, i64)
/// takes two words, any other takes one.
std::int64_t blocks_for(std::int64_t count, DType dtype);

/// Uniform on [0, 1): multiples of 2^-24 (f32) or 2^-53 (f64).
Tensor rand(const Shape& shape, Options options, Generator& generator = default_generator());
Tensor rand(const Shape& shape, Generator& generator = default_generator());
/// Standard normal.
Tensor randn(const Shape& shape, Options options, Generator& generator = default_generator());
Tensor randn(const Shape& shape, Generator& generator = default_generator());
/// Integers of [low, high), i64 by default. Every dtype and device gets the same integers.
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape,
               Generator& generator = default_generator());
Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Options options,
               Generator& generator = default_generator());
/// 1 with probability p, else 0; p is given per element or for all. Probabilities are compared in
/// f32.
Tensor bernoulli(const Tensor& p, Generator& generator = default_generator());
Tensor bernoulli(double p, const Shape& shape, Options options = {},
                 Generator& generator = default_generator());
/// The integers 0 to n - 1 in random order, i64.
/// Source: Fisher & Yates 1938.
Tensor randperm(std::int64_t n, Generator& generator = default_generator());
Tensor randperm(std::int64_t n, Device device, Generator& generator = default_generator());

}  // namespace eps
