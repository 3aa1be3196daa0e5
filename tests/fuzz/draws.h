#pragma once
// Choices read from the bytes of a fuzzer: one byte for a choice, so that changing a byte changes
// a choice. When the bytes are used up, every choice is the first.
#include <cstdint>

#include "tests/fuzz/target.h"

namespace eps::fuzz {

class Draws {
public:
    explicit Draws(Bytes bytes) : bytes_(bytes) {}

    bool empty() const { return at_ == bytes_.size(); }
    /// A number from 0 to end - 1; end is at most 256.
    std::int64_t below(std::int64_t end) { return byte() % end; }
    /// A number from first to last.
    std::int64_t between(std::int64_t first, std::int64_t last) {
        return first + below(last - first + 1);
    }
    /// True for one byte of n, and not when there are no more bytes.
    bool one_in(std::int64_t n) { return below(n) == n - 1; }
    template <class T, std::size_t n> const T& pick(const T (&list)[n]) {
        return list[static_cast<std::size_t>(below(static_cast<std::int64_t>(n)))];
    }

private:
    std::int64_t byte() { return empty() ? 0 : std::to_integer<std::int64_t>(bytes_[at_++]); }

    Bytes bytes_;
    std::size_t at_ = 0;
};

/// Numbers without structure from a seed (Steele et al. 2014, "SplitMix").
class Noise {
public:
    explicit Noise(std::int64_t seed) : state_(static_cast<std::uint64_t>(seed)) {}
    /// Uniform between low and high, and a float, so that f32 and f64 hold the same.
    double operator()(double low, double high) {
        state_ += 0x9e3779b97f4a7c15;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        z ^= z >> 31;
        const double unit = static_cast<double>(z >> 11) * 0x1p-53;
        return static_cast<double>(static_cast<float>(low + (high - low) * unit));
    }

private:
    std::uint64_t state_;
};

}  // namespace eps::fuzz
