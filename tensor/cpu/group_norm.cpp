// Normalisation of images x [B, C, S], either order of memory, in chunks of some places of one sample times all channels:
//
//   sums      two numbers for each chunk and channel
//   join      the chunks of a set in order, in f64: what every element of the set needs to know
//   apply     one pass over each chunk
//
// Chunks are a function of the shape, so the bits are the same for any number of threads. With samples enough, a thread takes one sample
// through all three steps while it is in the cache; else each step is a parallel loop over chunks.
#include <algorithm>
#include <cmath>
#include <vector>

#include "tensor/cpu/norm.h"
#include "tensor/kernels.h"
#include "tensor/math/functions.h"
#include "tensor/parallel.h"

namespace eps::kernels::cpu {
namespace {

constexpr std::int64_t kChunk = 16 * 1024;  // elements: what two or three passes find in the cache
constexpr std::int64_t kLeastPlaces = 64;   // of a chunk
constexpr std::int64_t kColumns = 256;      // channels side by side
constexpr std::int64_t kGrain = 16 * 1024;  // elements worth a second thread

std::int64_t ceil_div(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

/// x [B, C, S] as the loops see it. Across the batch, images with channels innermost are one long sample.
struct Images {
    std::int64_t samples, channels, places, groups, group_channels, sets;  // sets: samples that have statistics of their own
    bool channels_inner;
    std::int64_t chunk_places, pieces;  // chunks of a sample

    Images(const Tensor& x, const GroupNormOptions& options)
        : samples(x.size(0)), channels(x.size(1)), places(x.size(2)), groups(options.groups), group_channels(channels / groups),
          channels_inner(x.strides()[1] == 1) {
        if (options.across_batch && channels_inner) {
            places *= samples;
            samples = 1;
        }
        sets = options.across_batch ? 1 : samples;
        chunk_places = std::min(places, std::max(kLeastPlaces, kChunk / channels));
        pieces = ceil_div(places, chunk_places);
    }
    std::int64_t chunks() const { return samples * pieces; }
    std::int64_t chunks_of_set() const { return chunks() / sets; }
    std::int64_t set_of(std::int64_t sample) const { return sets == 1 ? 0 : sample; }
    std::int64_t chunk_size(std::int64_t chunk) const { return std::min(chunk_places, places - chunk % pieces * chunk_places); }
    std::int64_t chunk_start(std::int64_t chunk) const {
        return chunk / pieces * channels * places + chunk % pieces * chunk_places * (channels_inner ? channels : 1);
    }
    double set_size() const { return static_cast<double>(chunks_of_set() / pieces * places * group_channels); }

    /// sums(chunk), join(set), apply(chunk), each after all of the one before that concern it.
    template <class Sums, class Join, class Apply>
    void run(const Sums& sums, const Join& join, const Apply& apply) const {
        const std::int64_t sample_work = channels * places;
        if (sets > 1 && sets >= num_threads()) {
            parallel_for(sets, std::max<std::int64_t>(1, kGrain / sample_work), [&](std::int64_t begin, std::int64_t end) {
                for (std::int64_t set = begin; set < end; ++set) {
                    for (std::int64_t c = set * pieces; c < (set + 1) * pieces; ++c) sums(c);
                    join(set);
                    for (std::int64_t c = set * pieces; c < (set + 1) * pieces; ++c) apply(c);
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
        : channels(images.channels), values(static_cast<std::size_t>(2 * images.chunks() * images.channels)) {}
    double* first(std::int64_t chunk) { return values.data() + 2 * chunk * channels; }
    double* second(std::int64_t chunk) { return first(chunk) + channels; }
};

/// What an element needs to know of its channel and set, a row of each for every sample that has one.
///     z = (x - centre) scale + offset          the centre is the mean rounded to T; what the rounding took is in the offset
///     dx = scale g + (x - centre) slope + shift
template <class T>
struct Coefficients {
    std::int64_t channels;
    std::vector<T> values;
    Coefficients(std::int64_t rows, std::int64_t c) : channels(c), values(static_cast<std::size_t>(5 * rows * c)) {}
    T* centre(std::int64_t row) { return values.data() + 5 * row * channels; }
    T* scale(std::int64_t row) { return centre(row) + channels; }
    T* offset(std::int64_t row) { return centre(row) + 2 * channels; }
    T* slope(std::int64_t row) { return centre(row) + 3 * channels; }
    T* shift(std::int64_t row) { return centre(row) + 4 * channels; }
};

// Moments of each column of `rows` rows, four rows at a time.
template <class T>
void column_moments(const Images& images, const T* data, std::int64_t rows, double* mean, double* squares) {
    const std::int64_t stride = images.channels;
    for (std::int64_t first = 0; first < stride; first += kColumns) {
        const std::int64_t n = std::min(kColumns, stride - first);
        T centre[kColumns] = {}, s1[kColumns] = {}, s2[kColumns] = {};
        const T* x = data + first;
        std::int64_t r = 0;
        for (; r + 4 <= rows; r += 4, x += 4 * stride)
            for (std::int64_t i = 0; i < n; ++i) centre[i] += (x[i] + x[stride + i]) + (x[2 * stride + i] + x[3 * stride + i]);
        for (; r < rows; ++r, x += stride)
            for (std::int64_t i = 0; i < n; ++i) centre[i] += x[i];
        for (std::int64_t i = 0; i < n; ++i) centre[i] /= static_cast<T>(rows);
        for (x = data + first, r = 0; r + 4 <= rows; r += 4, x += 4 * stride)
            for (std::int64_t i = 0; i < n; ++i) {
                const T a = x[i] - centre[i], b = x[stride + i] - centre[i], c = x[2 * stride + i] - centre[i], d = x[3 * stride + i] - centre[i];
                s1[i] += (a + b) + (c + d);
                s2[i] += (a * a + b * b) + (c * c + d * d);
            }
        for (; r < rows; ++r, x += stride)
            for (std::int64_t i = 0; i < n; ++i) {
                const T a = x[i] - centre[i];
                s1[i] += a;
                s2[i] += a * a;
            }
        for (std::int64_t i = 0; i < n; ++i) {
            const Moments m = moments_about(centre[i], s1[i], s2[i], rows);
            mean[first + i] = m.mean;
            squares[first + i] = m.squares;
        }
    }
}

template <class T>
void chunk_moments(const Images& images, const T* x, std::int64_t chunk, Partials& partials) {
    const std::int64_t n = images.chunk_size(chunk);
    double* mean = partials.first(chunk);
    double* squares = partials.second(chunk);
    x += images.chunk_start(chunk);
    if (images.channels_inner) return column_moments(images, x, n, mean, squares);
    for (std::int64_t c = 0; c < images.channels; ++c) {
        const Moments m = line_moments(x + c * images.places, n);
        mean[c] = m.mean;
        squares[c] = m.squares;
    }
}

// Parts of n_j numbers, joined: mean = sum n_j mean_j / n, squares = sum squares_j + n_j (mean_j - mean)^2   (Chan et al. 1983).
void join_moments(const Images& images, std::int64_t set, Partials& partials, double* means, double* variances) {
    const std::int64_t first = set * images.chunks_of_set(), last = first + images.chunks_of_set();
    for (std::int64_t g = 0; g < images.groups; ++g) {
        const std::int64_t from = g * images.group_channels, to = from + images.group_channels;
        double sum = 0, squares = 0;
        for (std::int64_t chunk = first; chunk < last; ++chunk)
            for (std::int64_t c = from; c < to; ++c) sum += static_cast<double>(images.chunk_size(chunk)) * partials.first(chunk)[c];
        const double mean = sum / images.set_size();
        for (std::int64_t chunk = first; chunk < last; ++chunk)
            for (std::int64_t c = from; c < to; ++c) {
                const double d = partials.first(chunk)[c] - mean;
                squares += partials.second(chunk)[c] + static_cast<double>(images.chunk_size(chunk)) * d * d;
            }
        means[set * images.groups + g] = mean;
        variances[set * images.groups + g] = squares / images.set_size();
    }
}

/// Everything but the data: statistics and affine parameters.
template <class T>
struct Parameters {
    const Images& images;
    const double *means, *variances;
    const T *weight, *bias;
    std::int64_t rows;  // of weight and bias: one, or one for each sample
    double epsilon;

    Parameters(const Images& i, const Tensor& statistics, const Tensor& w, const Tensor& b, double e)
        : images(i), means(static_cast<const double*>(statistics.raw_data())), variances(means + i.sets * i.groups),
          weight(static_cast<const T*>(w.raw_data())), bias(static_cast<const T*>(b.raw_data())), rows(w.rank() == 2 ? w.size(0) : 1), epsilon(e) {}

    double mean(std::int64_t set, std::int64_t channel) const { return means[set * images.groups + channel / images.group_channels]; }
    double deviation_inverse(std::int64_t set, std::int64_t channel) const {
        return 1 / std::sqrt(variances[set * images.groups + channel / images.group_channels] + epsilon);
    }
    const T* weights(std::int64_t set) const { return weight + (rows == 1 ? 0 : set * images.channels); }
    void fill(Coefficients<T>& out, std::int64_t set) const {
        const T* b = bias + (rows == 1 ? 0 : set * images.channels);
        for (std::int64_t g = 0; g < images.groups; ++g) {
            const double m = mean(set, g * images.group_channels), inverse = deviation_inverse(set, g * images.group_channels);
            const T centre = static_cast<T>(m);
            for (std::int64_t c = g * images.group_channels; c < (g + 1) * images.group_channels; ++c) {
                const double scale = inverse * static_cast<double>(weights(set)[c]);
                out.centre(set)[c] = centre;
                out.scale(set)[c] = static_cast<T>(scale);
                out.offset(set)[c] = static_cast<T>(static_cast<double>(b[c]) - (m - static_cast<double>(centre)) * scale);
            }
        }
    }
};

template <bool Silu, class T>
EPS_HD T activated(T z) {
    if constexpr (Silu) return z * math::sigmoid(z);
    else return z;
}
// d silu / dz = s (1 + z (1 - s)), s = sigmoid(z)
template <bool Silu, class T>
EPS_HD T slope_at(T z) {
    if constexpr (!Silu) return T(1);
    const T s = math::sigmoid(z);
    return s * (T(1) + z * (T(1) - s));
}

template <bool Silu, class T>
void apply_chunk(const Images& images, T* out, const T* data, std::int64_t chunk, Coefficients<T>& k) {
    const std::int64_t set = images.set_of(chunk / images.pieces), n = images.chunk_size(chunk), start = images.chunk_start(chunk);
    const T* __restrict centre = k.centre(set);
    const T* __restrict scale = k.scale(set);
    const T* __restrict offset = k.offset(set);
    if (images.channels_inner) {
        for (std::int64_t r = 0; r < n; ++r) {
            const T* __restrict x = data + start + r * images.channels;
            T* __restrict y = out + start + r * images.channels;
#pragma GCC ivdep
            for (std::int64_t c = 0; c < images.channels; ++c) y[c] = activated<Silu>((x[c] - centre[c]) * scale[c] + offset[c]);
        }
        return;
    }
    for (std::int64_t c = 0; c < images.channels; ++c) {
        const T* __restrict x = data + start + c * images.places;
        T* __restrict y = out + start + c * images.places;
        const T m = centre[c], a = scale[c], b = offset[c];
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) y[i] = activated<Silu>((x[i] - m) * a + b);
    }
}

template <bool Silu, class T>
void forward_typed(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight, const Tensor& bias, const GroupNormOptions& options,
                   bool given) {
    const Images images(x, options);
    const Parameters<T> parameters(images, statistics, weight, bias, options.epsilon);
    double* const means = static_cast<double*>(statistics.raw_data());
    const T* const from = static_cast<const T*>(x.raw_data());
    T* const to = static_cast<T*>(out.raw_data());
    Partials partials(images);
    Coefficients<T> coefficients(images.sets, images.channels);
    images.run([&](std::int64_t chunk) { if (!given) chunk_moments(images, from, chunk, partials); },
               [&](std::int64_t set) {
                   if (!given) join_moments(images, set, partials, means, means + images.sets * images.groups);
                   parameters.fill(coefficients, set);
               },
               [&](std::int64_t chunk) { apply_chunk<Silu>(images, to, from, chunk, coefficients); });
}

// sum g and sum g (x - centre) of each channel; with silu, g goes through its slope first, into dx.
template <bool Silu, class T>
void chunk_gradient_sums(const Images& images, T* dx, const T* gradient, const T* data, std::int64_t chunk, Coefficients<T>& k, Partials& partials) {
    const std::int64_t set = images.set_of(chunk / images.pieces), rows = images.chunk_size(chunk), start = images.chunk_start(chunk);
    const T* const centre = k.centre(set);
    const T* const scale = k.scale(set);
    const T* const offset = k.offset(set);
    double* const sums = partials.first(chunk);
    double* const products = partials.second(chunk);
    if (!images.channels_inner) {
        for (std::int64_t c = 0; c < images.channels; ++c) {
            const T* __restrict g = gradient + start + c * images.places;
            const T* __restrict x = data + start + c * images.places;
            T* __restrict through = dx + start + c * images.places;
            const T m = centre[c], a = scale[c], b = offset[c];
            if constexpr (Silu)
#pragma GCC ivdep
                for (std::int64_t i = 0; i < rows; ++i) through[i] = g[i] * slope_at<Silu>((x[i] - m) * a + b);
            const T* __restrict h = Silu ? through : g;
            T sum, product;
            sum_line_pairs<T>(rows, sum, product, [=](std::int64_t i, T& s, T& p) {
                s += h[i];
                p += h[i] * (x[i] - m);
            });
            sums[c] = sum;
            products[c] = product;
        }
        return;
    }
    for (std::int64_t first = 0; first < images.channels; first += kColumns) {
        const std::int64_t n = std::min(kColumns, images.channels - first);
        T sum[kColumns] = {}, product[kColumns] = {};
        for (std::int64_t r = 0; r < rows; ++r) {
            const std::int64_t at = start + r * images.channels + first;
            const T* __restrict g = gradient + at;
            const T* __restrict x = data + at;
            T* __restrict through = dx + at;
#pragma GCC ivdep
            for (std::int64_t i = 0; i < n; ++i) {
                const T d = x[i] - centre[first + i];
                T h = g[i];
                if constexpr (Silu) {
                    h *= slope_at<Silu>(d * scale[first + i] + offset[first + i]);
                    through[i] = h;
                }
                sum[i] += h;
                product[i] += h * d;
            }
        }
        std::copy_n(sum, n, sums + first);
        std::copy_n(product, n, products + first);
    }
}

template <class T>
void apply_gradient(const Images& images, T* dx, const T* gradient, const T* data, std::int64_t chunk, Coefficients<T>& k) {
    const std::int64_t set = images.set_of(chunk / images.pieces), n = images.chunk_size(chunk), start = images.chunk_start(chunk);
    const T* __restrict centre = k.centre(set);
    const T* __restrict scale = k.scale(set);
    const T* __restrict slope = k.slope(set);
    const T* __restrict shift = k.shift(set);
    if (images.channels_inner) {
        for (std::int64_t r = 0; r < n; ++r) {
            const std::int64_t at = start + r * images.channels;
            const T* x = data + at;
            const T* g = gradient + at;  // may be dx
            T* d = dx + at;
#pragma GCC ivdep
            for (std::int64_t c = 0; c < images.channels; ++c) d[c] = scale[c] * g[c] + ((x[c] - centre[c]) * slope[c] + shift[c]);
        }
        return;
    }
    for (std::int64_t c = 0; c < images.channels; ++c) {
        const std::int64_t at = start + c * images.places;
        const T* x = data + at;
        const T* g = gradient + at;
        T* d = dx + at;
        const T m = centre[c], a = scale[c], p = slope[c], q = shift[c];
#pragma GCC ivdep
        for (std::int64_t i = 0; i < n; ++i) d[i] = a * g[i] + ((x[i] - m) * p + q);
    }
}

// The sums of a set's chunks go into its first chunk, those of products from the true mean on: sum g (x - mean). Then, with r = 1 / deviation
// and means over the set,  dx = r (w g - mean(w g) - (x - mean) r^2 mean(w g (x - mean))).
template <class T>
void join_gradient_sums(const Images& images, std::int64_t set, Partials& partials, const Parameters<T>& parameters, Coefficients<T>& k, bool constant) {
    const std::int64_t first = set * images.chunks_of_set(), last = first + images.chunks_of_set();
    double* const sums = partials.first(first);
    double* const products = partials.second(first);
    for (std::int64_t chunk = first + 1; chunk < last; ++chunk)
        for (std::int64_t i = 0; i < 2 * images.channels; ++i) sums[i] += partials.first(chunk)[i];  // sums, then products
    for (std::int64_t g = 0; g < images.groups; ++g) {
        const std::int64_t from = g * images.group_channels, to = from + images.group_channels;
        const double rest = parameters.mean(set, from) - static_cast<double>(k.centre(set)[from]), r = parameters.deviation_inverse(set, from);
        double sum = 0, product = 0;
        for (std::int64_t c = from; c < to; ++c) {
            products[c] -= rest * sums[c];
            sum += static_cast<double>(parameters.weights(set)[c]) * sums[c];
            product += static_cast<double>(parameters.weights(set)[c]) * products[c];
        }
        const double slope = constant ? 0 : -r * r * r * product / images.set_size();
        const double shift = constant ? 0 : -r * sum / images.set_size() - slope * rest;
        std::fill(k.slope(set) + from, k.slope(set) + to, static_cast<T>(slope));
        std::fill(k.shift(set) + from, k.shift(set) + to, static_cast<T>(shift));
    }
}

template <bool Silu, class T>
void backward_typed(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g, const Tensor& statistics, const Tensor& x, const Tensor& weight,
                    const Tensor& bias, const GroupNormOptions& options, bool constant) {
    const Images images(x, options);
    const Parameters<T> parameters(images, statistics, weight, bias, options.epsilon);
    const T* const from = static_cast<const T*>(x.raw_data());
    const T* const gradient = static_cast<const T*>(g.raw_data());
    T* const to = static_cast<T*>(dx.raw_data());
    Partials partials(images);
    Coefficients<T> coefficients(images.sets, images.channels);
    for (std::int64_t set = 0; set < images.sets; ++set) parameters.fill(coefficients, set);
    images.run([&](std::int64_t chunk) { chunk_gradient_sums<Silu>(images, to, gradient, from, chunk, coefficients, partials); },
               [&](std::int64_t set) { join_gradient_sums(images, set, partials, parameters, coefficients, constant); },
               [&](std::int64_t chunk) { apply_gradient(images, to, Silu ? to : gradient, from, chunk, coefficients); });

    T* const dw = static_cast<T*>(dweight.raw_data());
    T* const db = static_cast<T*>(dbias.raw_data());
    std::vector<double> row(static_cast<std::size_t>(2 * images.channels));
    for (std::int64_t set = 0; set < images.sets; ++set) {
        const double* const sums = partials.first(set * images.chunks_of_set());
        const bool starts = parameters.rows > 1 || set == 0, ends = parameters.rows > 1 || set + 1 == images.sets;
        if (starts) std::fill(row.begin(), row.end(), 0);
        for (std::int64_t grp = 0; grp < images.groups; ++grp) {
            const double r = parameters.deviation_inverse(set, grp * images.group_channels);
            for (std::int64_t c = grp * images.group_channels; c < (grp + 1) * images.group_channels; ++c) {
                row[static_cast<std::size_t>(c)] += sums[c];
                row[static_cast<std::size_t>(images.channels + c)] += r * sums[images.channels + c];
            }
        }
        const std::int64_t target = parameters.rows > 1 ? set * images.channels : 0;
        for (std::int64_t c = 0; ends && c < images.channels; ++c) {
            db[target + c] = static_cast<T>(row[static_cast<std::size_t>(c)]);
            dw[target + c] = static_cast<T>(row[static_cast<std::size_t>(images.channels + c)]);
        }
    }
}

// f.operator()<Silu, T>()
template <class F>
void choose(const Tensor& x, bool silu, const F& f) {
    if (x.dtype() == DType::f64) silu ? f.template operator()<true, double>() : f.template operator()<false, double>();
    else silu ? f.template operator()<true, float>() : f.template operator()<false, float>();
}

}  // namespace

void group_statistics(Tensor& statistics, const Tensor& x, const GroupNormOptions& options) {
    const Images images(x, options);
    Partials partials(images);
    double* const means = static_cast<double*>(statistics.raw_data());
    choose(x, false, [&]<bool Silu, class T>() {
        images.run([&](std::int64_t chunk) { chunk_moments(images, static_cast<const T*>(x.raw_data()), chunk, partials); },
                   [&](std::int64_t set) { join_moments(images, set, partials, means, means + images.sets * images.groups); }, [](std::int64_t) {});
    });
}

void group_norm(Tensor& out, Tensor& statistics, const Tensor& x, const Tensor& weight, const Tensor& bias, const GroupNormOptions& options, bool given) {
    choose(x, options.silu, [&]<bool Silu, class T>() { forward_typed<Silu, T>(out, statistics, x, weight, bias, options, given); });
}

void group_norm_backward(Tensor& dx, Tensor& dweight, Tensor& dbias, const Tensor& g, const Tensor& statistics, const Tensor& x, const Tensor& weight,
                         const Tensor& bias, const GroupNormOptions& options, bool constant) {
    choose(x, options.silu, [&]<bool Silu, class T>() {
        backward_typed<Silu, T>(dx, dweight, dbias, g, statistics, x, weight, bias, options, constant);
    });
}

}  // namespace eps::kernels::cpu
