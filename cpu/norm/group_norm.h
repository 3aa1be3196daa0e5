#pragma once
// Normalisation of images x [B, C, S], either order of memory, in chunks of some places of one
// sample times all channels:
//
//   sums      two numbers for each chunk and channel
//   join      the chunks of a set in order, in f64: what every element of the set needs to know
//   apply     one pass over each chunk
//
// Chunks are a function of the shape, so the bits are the same for any number of threads. With
// samples enough, a thread takes one sample through all three steps while it is in the cache; else
// each step is a parallel loop over chunks.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tensor/contract/kernels.h"
#include "tensor/runtime/parallel.h"

namespace eps::kernels::cpu::grouped {

constexpr std::int64_t kColumns = 256;  // channels side by side

/// x [B, C, S] as the loops see it. Across the batch, images with channels innermost are one long
/// sample.
struct Images {
    // sets: samples that have statistics of their own
    std::int64_t samples, channels, places, groups, group_channels, sets;
    bool channels_inner;
    std::int64_t chunk_places, pieces;  // chunks of a sample

    // elements: what two or three passes find in the cache
    static constexpr std::int64_t kChunk = 16 * 1024;
    static constexpr std::int64_t kLeastPlaces = 64;   // of a chunk
    static constexpr std::int64_t kGrain = 16 * 1024;  // elements worth a second thread

    Images(const Tensor& x, const GroupNormOptions& options)
        : samples(x.size(0)),
          channels(x.size(1)),
          places(x.size(2)),
          groups(options.groups),
          group_channels(channels / groups),
          channels_inner(x.strides()[1] == 1) {
        if (options.across_batch && channels_inner) {
            places *= samples;
            samples = 1;
        }
        sets = options.across_batch ? 1 : samples;
        chunk_places = std::min(places, std::max(kLeastPlaces, kChunk / channels));
        pieces = (places + chunk_places - 1) / chunk_places;
    }
    std::int64_t chunks() const { return samples * pieces; }
    std::int64_t chunks_of_set() const { return chunks() / sets; }
    std::int64_t set_of(std::int64_t sample) const { return sets == 1 ? 0 : sample; }
    std::int64_t chunk_size(std::int64_t chunk) const {
        return std::min(chunk_places, places - chunk % pieces * chunk_places);
    }
    std::int64_t chunk_start(std::int64_t chunk) const {
        return chunk / pieces * channels * places +
               chunk % pieces * chunk_places * (channels_inner ? channels : 1);
    }
    double set_size() const {
        return static_cast<double>(chunks_of_set() / pieces * places * group_channels);
    }

    /// sums(chunk), join(set), apply(chunk), each after all of the one before that concern it.
    template <class Sums, class Join, class Apply>
    void run(const Sums& sums, const Join& join, const Apply& apply) const {
        const std::int64_t sample_work = channels * places;
        if (sets > 1 && sets >= num_threads()) {
            parallel_for(sets, std::max<std::int64_t>(1, kGrain / sample_work),
                         [&](std::int64_t begin, std::int64_t end) {
                             for (std::int64_t set = begin; set < end; ++set) {
                                 for (std::int64_t c = set * pieces; c < (set + 1) * pieces; ++c)
                                     sums(c);
                                 join(set);
                                 for (std::int64_t c = set * pieces; c < (set + 1) * pieces; ++c)
                                     apply(c);
                             }
                         });
            return;
        }
        const auto each = [](std::int64_t count, std::int64_t grain, const auto& f) {
            parallel_for(count, grain, [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t i = begin; i < end; ++i) f(i);
            });
        };
        const std::int64_t grain = std::max<std::int64_t>(1, kGrain / (channels * chunk_places));
        each(chunks(), grain, sums);
        each(sets, 1, join);
        each(chunks(), grain, apply);
    }
};

/// Two f64 for each chunk and channel.
struct Partials {
    std::int64_t channels;
    std::vector<double> values;
    explicit Partials(const Images& images)
        : channels(images.channels),
          values(static_cast<std::size_t>(2 * images.chunks() * images.channels)) {}
    double* first(std::int64_t chunk) { return values.data() + 2 * chunk * channels; }
    double* second(std::int64_t chunk) { return first(chunk) + channels; }
};

/// What an element needs to know of its channel and set, a row of each for every sample that has
/// one.
///     z = (x - centre) scale + offset          the centre is the mean rounded to T; what the
///     rounding took is in the offset dx = scale g + (x - centre) slope + shift
template <class T> struct Coefficients {
    std::int64_t channels;
    std::vector<T> values;
    Coefficients(std::int64_t rows, std::int64_t c)
        : channels(c), values(static_cast<std::size_t>(5 * rows * c)) {}
    T* centre(std::int64_t row) { return values.data() + 5 * row * channels; }
    T* scale(std::int64_t row) { return centre(row) + channels; }
    T* offset(std::int64_t row) { return centre(row) + 2 * channels; }
    T* slope(std::int64_t row) { return centre(row) + 3 * channels; }
    T* shift(std::int64_t row) { return centre(row) + 4 * channels; }
};

/// Everything but the data: statistics and affine parameters.
template <class T> struct Parameters {
    const Images& images;
    const double *means, *variances;
    const T *weight, *bias;
    std::int64_t rows;  // of weight and bias: one, or one for each sample
    double epsilon;

    Parameters(const Images& i, const Tensor& statistics, const Tensor& w, const Tensor& b,
               double e)
        : images(i),
          means(static_cast<const double*>(statistics.raw_data())),
          variances(means + i.sets * i.groups),
          weight(static_cast<const T*>(w.raw_data())),
          bias(static_cast<const T*>(b.raw_data())),
          rows(w.rank() == 2 ? w.size(0) : 1),
          epsilon(e) {}

    double mean(std::int64_t set, std::int64_t channel) const {
        return means[set * images.groups + channel / images.group_channels];
    }
    double deviation_inverse(std::int64_t set, std::int64_t channel) const {
        return 1 / std::sqrt(variances[set * images.groups + channel / images.group_channels] +
                             epsilon);
    }
    const T* weights(std::int64_t set) const {
        return weight + (rows == 1 ? 0 : set * images.channels);
    }
    void fill(Coefficients<T>& out, std::int64_t set) const {
        const T* b = bias + (rows == 1 ? 0 : set * images.channels);
        for (std::int64_t g = 0; g < images.groups; ++g) {
            const double m = mean(set, g * images.group_channels),
                         inverse = deviation_inverse(set, g * images.group_channels);
            const T centre = static_cast<T>(m);
            for (std::int64_t c = g * images.group_channels; c < (g + 1) * images.group_channels;
                 ++c) {
                const double scale = inverse * static_cast<double>(weights(set)[c]);
                out.centre(set)[c] = centre;
                out.scale(set)[c] = static_cast<T>(scale);
                out.offset(set)[c] = static_cast<T>(static_cast<double>(b[c]) -
                                                    (m - static_cast<double>(centre)) * scale);
            }
        }
    }
};

// f.operator()<Silu, T>()
template <class F> void choose(const Tensor& x, bool silu, const F& f) {
    if (x.dtype() == DType::f64)
        silu ? f.template operator()<true, double>() : f.template operator()<false, double>();
    else
        silu ? f.template operator()<true, float>() : f.template operator()<false, float>();
}

}  // namespace eps::kernels::cpu::grouped
