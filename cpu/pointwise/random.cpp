// Random numbers in tiles of Philox blocks: a first loop computes the words of each block from its
// counter alone, a second turns them into the distribution. A block of four words makes four
// elements, or two of f64 and i64, which take two words each.
#include <algorithm>

#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"
#include "tensor/scalar/philox.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kBlocks = 128;      // blocks of a tile: 512 words, 2 KiB
constexpr std::int64_t kGrain = 8 * 1024;  // elements that are worth a second thread

// The words of a tile: word l of block b is lanes[l][b], so that loops over b have unit stride.
struct Tile {
    std::uint32_t lanes[4][kBlocks];

    void fill(PhiloxState state, std::int64_t first) {
        const std::uint64_t base = state.first() + static_cast<std::uint64_t>(first);
#pragma GCC ivdep
        for (std::int64_t b = 0; b < kBlocks; ++b) {
            const math::Words4 words =
                math::philox_block(state.seed, base + static_cast<std::uint64_t>(b));
            lanes[0][b] = words.w[0];
            lanes[1][b] = words.w[1];
            lanes[2][b] = words.w[2];
            lanes[3][b] = words.w[3];
        }
    }
};

// Calls make(tile, values, first element) for every tile. `values` receives PerBlock elements of
// each block, and those that exist are copied out.
template <int PerBlock, class T, class Make>
void for_each_tile(T* out, std::int64_t count, PhiloxState state, Make make) {
    constexpr std::int64_t size = kBlocks * PerBlock;
    parallel_for(ceil_div(count, size), kGrain / size, [&](std::int64_t begin, std::int64_t end) {
        Tile tile;
        T values[size];
        for (std::int64_t t = begin; t < end; ++t) {
            tile.fill(state, t * kBlocks);
            make(tile, values, t * size);
            std::copy_n(values, std::min(size, count - t * size), out + t * size);
        }
    });
}

void uniform(float* out, std::int64_t count, PhiloxState state, double a, double b) {
    const auto low = static_cast<float>(a), width = static_cast<float>(b - a);
    for_each_tile<4>(out, count, state, [=](const Tile& tile, float* values, std::int64_t) {
#pragma GCC ivdep
        for (std::int64_t i = 0; i < kBlocks; ++i) {
            values[4 * i] = low + width * math::uniform_f32(tile.lanes[0][i]);
            values[4 * i + 1] = low + width * math::uniform_f32(tile.lanes[1][i]);
            values[4 * i + 2] = low + width * math::uniform_f32(tile.lanes[2][i]);
            values[4 * i + 3] = low + width * math::uniform_f32(tile.lanes[3][i]);
        }
    });
}

void uniform(double* out, std::int64_t count, PhiloxState state, double a, double b) {
    for_each_tile<2>(out, count, state, [=](const Tile& tile, double* values, std::int64_t) {
        for (std::int64_t i = 0; i < kBlocks; ++i) {
            values[2 * i] = a + (b - a) * math::uniform_f64(tile.lanes[0][i], tile.lanes[1][i]);
            values[2 * i + 1] = a + (b - a) * math::uniform_f64(tile.lanes[2][i], tile.lanes[3][i]);
        }
    });
}

void normal(float* out, std::int64_t count, PhiloxState state, double mean, double deviation) {
    const auto mu = static_cast<float>(mean), sigma = static_cast<float>(deviation);
    for_each_tile<4>(out, count, state, [=](const Tile& tile, float* values, std::int64_t) {
        float lanes[4][kBlocks];
        for (int pair = 0; pair < 4; pair += 2) {
            const std::uint32_t* __restrict a = tile.lanes[pair];
            const std::uint32_t* __restrict b = tile.lanes[pair + 1];
            float* __restrict first = lanes[pair];
            float* __restrict second = lanes[pair + 1];
#pragma GCC ivdep
            for (std::int64_t i = 0; i < kBlocks; ++i)
                math::normal_pair_f32(a[i], b[i], first[i], second[i]);
        }
        for (std::int64_t i = 0; i < kBlocks; ++i)
            for (int lane = 0; lane < 4; ++lane) values[4 * i + lane] = mu + sigma * lanes[lane][i];
    });
}

void normal(double* out, std::int64_t count, PhiloxState state, double mean, double deviation) {
    for_each_tile<2>(out, count, state, [=](const Tile& tile, double* values, std::int64_t) {
        for (std::int64_t i = 0; i < kBlocks; ++i) {
            math::normal_pair_f64(
                {{tile.lanes[0][i], tile.lanes[1][i], tile.lanes[2][i], tile.lanes[3][i]}},
                values[2 * i], values[2 * i + 1]);
            values[2 * i] = mean + deviation * values[2 * i];
            values[2 * i + 1] = mean + deviation * values[2 * i + 1];
        }
    });
}

// out[i] = 1 with probability(i). A block makes four elements of any dtype.
template <class T, class Probability>
void bernoulli(T* out, std::int64_t count, PhiloxState state, Probability probability) {
    for_each_tile<4>(out, count, state, [=](const Tile& tile, T* values, std::int64_t first) {
        float uniforms[4 * kBlocks];
        for (std::int64_t i = 0; i < kBlocks; ++i)
            for (int lane = 0; lane < 4; ++lane)
                uniforms[4 * i + lane] = math::uniform_f32(tile.lanes[lane][i]);
        const std::int64_t here = std::min<std::int64_t>(4 * kBlocks, count - first);
        for (std::int64_t i = 0; i < here; ++i)
            values[i] = convert<T>(uniforms[i] < probability(first + i) ? 1.0f : 0.0f);
    });
}

void randint(std::int64_t* out, std::int64_t count, PhiloxState state, std::int64_t low,
             std::int64_t high) {
    const auto range = static_cast<std::uint64_t>(high - low);
    for_each_tile<2>(out, count, state, [=](const Tile& tile, std::int64_t* values, std::int64_t) {
        // The upper half of a 128-bit product: its bias is below range / 2^64.
        const auto at = [&](std::uint32_t upper, std::uint32_t lower) {
            const std::uint64_t word = std::uint64_t{upper} << 32 | lower;
            return low +
                   static_cast<std::int64_t>(static_cast<unsigned __int128>(word) * range >> 64);
        };
        for (std::int64_t i = 0; i < kBlocks; ++i) {
            values[2 * i] = at(tile.lanes[0][i], tile.lanes[1][i]);
            values[2 * i + 1] = at(tile.lanes[2][i], tile.lanes[3][i]);
        }
    });
}

}  // namespace

void random(Tensor& out, Distribution distribution, PhiloxState state, double a, double b) {
    const std::int64_t count = out.numel();
    if (distribution == Distribution::randint)
        return randint(out.data<std::int64_t>(), count, state, static_cast<std::int64_t>(a),
                       static_cast<std::int64_t>(b));
    if (distribution == Distribution::bernoulli) {
        const auto same = [p = static_cast<float>(a)](std::int64_t) { return p; };
        return visit(out.dtype(), [&]<class T>() {
            bernoulli(static_cast<T*>(out.raw_data()), count, state, same);
        });
    }
    visit_real(out.dtype(), [&]<class T>() {
        T* const data = out.data<T>();
        distribution == Distribution::uniform ? uniform(data, count, state, a, b)
                                              : normal(data, count, state, a, b);
    });
}

void random_bernoulli(Tensor& out, const Tensor& p, PhiloxState state) {
    visit_real(p.dtype(), [&]<class P>() {
        const P* const probability = p.data<P>();
        visit(out.dtype(), [&]<class T>() {
            bernoulli(static_cast<T*>(out.raw_data()), out.numel(), state,
                      [=](std::int64_t i) { return static_cast<float>(probability[i]); });
        });
    });
}

}  // namespace eps::kernels::cpu
