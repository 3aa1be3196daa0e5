#pragma once
// Group and batch norm of images x [B, C, S], with pixels or channels innermost. A *set* is what
// shares statistics: a sample, or the whole batch. The work is cut into *chunks*, some pixels of
// one sample times all channels:
//
//     sums     of each chunk: two numbers for every channel
//     join     of each set: its chunks' sums, in order and in f64, become coefficients
//     apply    to each chunk: one pass over its elements
//
// Chunks depend on the shape alone, so the bits are the same for any number of threads. With enough
// samples, a thread takes one sample through all three steps while it is in the cache; else each
// step is a parallel loop over chunks.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu::grouped {

constexpr std::int64_t kColumns = 256;  // channels whose sums are computed side by side

/// x [B, C, S], cut into chunks. If the statistics are of the whole batch and channels are
/// innermost, all samples together are one long sample.
struct Chunks {
    std::int64_t samples, channels, pixels;
    std::int64_t groups, group_channels;  // channels of a group
    std::int64_t sets;
    bool channels_inner;
    std::int64_t chunk_pixels;
    std::int64_t pieces;  // chunks of a sample

    static constexpr std::int64_t kChunk =
        16 * 1024;  // elements of a chunk: they stay in the cache
    static constexpr std::int64_t kLeastPixels = 64;
    static constexpr std::int64_t kGrain = 16 * 1024;  // elements that are worth a second thread

    Chunks(const Tensor& x, const GroupNormOptions& options)
        : samples(x.size(0)),
          channels(x.size(1)),
          pixels(x.size(2)),
          groups(options.groups),
          group_channels(channels / groups),
          channels_inner(x.strides()[1] == 1) {
        if (options.across_batch && channels_inner) {
            pixels *= samples;
            samples = 1;
        }
        sets = options.across_batch ? 1 : samples;
        chunk_pixels = std::min(pixels, std::max(kLeastPixels, kChunk / channels));
        pieces = ceil_div(pixels, chunk_pixels);
    }
    std::int64_t count() const { return samples * pieces; }

    std::int64_t chunks_of_set() const { return count() / sets; }
    std::int64_t set_of(std::int64_t sample) const { return sets == 1 ? 0 : sample; }
    std::int64_t chunk_size(std::int64_t chunk) const {
        return std::min(chunk_pixels, pixels - chunk % pieces * chunk_pixels);
    }
    /// The first element of a chunk.
    std::int64_t chunk_start(std::int64_t chunk) const {
        return chunk / pieces * channels * pixels +
               chunk % pieces * chunk_pixels * (channels_inner ? channels : 1);
    }
    /// Elements of a group in a set.
    double set_size() const {
        return static_cast<double>(chunks_of_set() / pieces * pixels * group_channels);
    }

    /// Calls sums(chunk), join(set) and apply(chunk) for all of them, each step after all calls of
    /// the step before on which it depends.
    template <class Sums, class Join, class Apply>
    void run(const Sums& sums, const Join& join, const Apply& apply) const {
        const std::int64_t sample_work = channels * pixels;
        if (sets > 1 && sets >= num_threads()) {
            parallel_for(sets, std::max<std::int64_t>(1, kGrain / sample_work),
                         [&](std::int64_t begin, std::int64_t end) {
                             for (std::int64_t set = begin; set < end; ++set) {
                                 const std::int64_t first = set * pieces, last = first + pieces;
                                 for (std::int64_t c = first; c < last; ++c) sums(c);
                                 join(set);
                                 for (std::int64_t c = first; c < last; ++c) apply(c);
                             }
                         });
            return;
        }
        const auto each = [](std::int64_t count, std::int64_t grain, const auto& f) {
            parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i) f(i);
            });
        };
        const std::int64_t grain = std::max<std::int64_t>(1, kGrain / (channels * chunk_pixels));
        each(count(), grain, sums);
        each(sets, 1, join);
        each(count(), grain, apply);
    }
};

/// Two f64 sums for each chunk and channel.
struct Partials {
    std::int64_t channels;
    std::vector<double> values;
    explicit Partials(const Chunks& chunks)
        : channels(chunks.channels),
          values(static_cast<std::size_t>(2 * chunks.count() * chunks.channels)) {}
    double* first(std::int64_t chunk) { return values.data() + 2 * chunk * channels; }
    double* second(std::int64_t chunk) { return first(chunk) + channels; }
};

/// What `apply` reads, for each channel of each set:
///     z  = (x - centre) scale + offset
///     dx = scale g + ((x - centre) rstd) slope + shift
/// The centre is the mean rounded to T; the offset makes up for the rounding. A slope for x -
/// centre itself would have the size of rstd^3, which underflows for large x.
template <class T> struct Coefficients {
    std::int64_t channels;
    std::vector<T> values;
    Coefficients(std::int64_t sets, std::int64_t c)
        : channels(c), values(static_cast<std::size_t>(6 * sets * c)) {}
    T* centre(std::int64_t set) { return values.data() + 6 * set * channels; }
    T* scale(std::int64_t set) { return centre(set) + channels; }
    T* offset(std::int64_t set) { return centre(set) + 2 * channels; }
    T* slope(std::int64_t set) { return centre(set) + 3 * channels; }
    T* shift(std::int64_t set) { return centre(set) + 4 * channels; }
    T* rstd(std::int64_t set) { return centre(set) + 5 * channels; }
};

/// The statistics, and the affine parameters weight and bias.
template <class T> struct Parameters {
    const Chunks& chunks;
    const double *means, *variances;  // [sets, groups]
    const T *weight, *bias;           // [rows, channels]
    std::int64_t rows;                // one, or one for each sample
    double epsilon;

    Parameters(const Chunks& c, const Tensor& statistics, const Tensor& w, const Tensor& b,
               double e)
        : chunks(c),
          means(static_cast<const double*>(statistics.raw_data())),
          variances(means + c.sets * c.groups),
          weight(static_cast<const T*>(w.raw_data())),
          bias(static_cast<const T*>(b.raw_data())),
          rows(w.rank() == 2 ? w.size(0) : 1),
          epsilon(e) {}

    double mean(std::int64_t set, std::int64_t channel) const {
        return means[set * chunks.groups + channel / chunks.group_channels];
    }
    double rstd(std::int64_t set, std::int64_t channel) const {
        return 1 / std::sqrt(variances[set * chunks.groups + channel / chunks.group_channels] +
                             epsilon);
    }
    const T* weights(std::int64_t set) const {
        return weight + (rows == 1 ? 0 : set * chunks.channels);
    }
    /// Fills in centre, scale and offset.
    void fill(Coefficients<T>& out, std::int64_t set) const {
        const T* const w = weights(set);
        const T* const b = bias + (rows == 1 ? 0 : set * chunks.channels);
        for (std::int64_t g = 0; g < chunks.groups; ++g) {
            const std::int64_t first = g * chunks.group_channels;
            const double m = mean(set, first), r = rstd(set, first);
            const T centre = static_cast<T>(m);
            for (std::int64_t c = first; c < first + chunks.group_channels; ++c) {
                const double scale = r * static_cast<double>(w[c]);
                const double rest = m - static_cast<double>(centre);
                out.centre(set)[c] = centre;
                out.scale(set)[c] = static_cast<T>(scale);
                out.offset(set)[c] = static_cast<T>(static_cast<double>(b[c]) - rest * scale);
            }
        }
    }
};

/// Calls f.operator()<Silu, T>().
template <class F> void choose(const Tensor& x, bool silu, const F& f) {
    visit_real(x.dtype(), [&]<class T>() {
        silu ? f.template operator()<true, T>() : f.template operator()<false, T>();
    });
}

}  // namespace eps::kernels::cpu::grouped
