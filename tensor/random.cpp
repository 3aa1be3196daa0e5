#include "tensor/random.h"

#include <numeric>

#include "tensor/capture/recorder.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"
#include "tensor/raw_copy.h"
#include "tensor/scalar/philox.h"

namespace eps {
namespace {

kernels::PhiloxState take(Generator& generator, std::int64_t count, DType dtype, Device device) {
    StepRecorder* const recorder = StepRecorder::current();
    if (recorder) recorder->will_draw(generator, device);
    const std::uint64_t first = generator.reserve(blocks_for(count, dtype));
    return recorder ? recorder->state_of(generator, first)
                    : kernels::PhiloxState{generator.seed(), first};
}

Tensor draw(const char* op, const Shape& shape, Options options, kernels::Distribution distribution,
            double a, double b, Generator& generator) {
    check(is_real(options.dtype), op, "draws f32 or f64; got ", options.dtype);
    Tensor out = empty(shape, options);
    kernels::random(out, distribution, take(generator, out.numel(), options.dtype, options.device),
                    a, b);
    return out;
}

// The finaliser of splitmix64 (Steele et al. 2014): it turns nearby keys into unrelated ones.
std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15u;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
    return x ^ (x >> 31);
}

thread_local RandomTape::Scope* innermost = nullptr;

}  // namespace

RandomTape::Scope::Scope(RandomTape& tape, Mode mode)
    : tape_(tape), mode_(mode), outer_(innermost) {
    innermost = this;
}
RandomTape::Scope::~Scope() { innermost = outer_; }

std::uint64_t RandomTape::Scope::reserve(Scope* scope, Generator& generator, std::int64_t blocks) {
    if (!scope || scope->mode_ == Mode::pause) {
        const std::uint64_t first = generator.counter_;
        generator.counter_ += static_cast<std::uint64_t>(blocks);
        if (StepRecorder* const recorder = StepRecorder::current())
            recorder->drew(generator, blocks);
        return first;
    }
    std::vector<Draw>& draws = scope->tape_.draws_;
    if (scope->mode_ == Mode::record) {
        const std::uint64_t first = reserve(scope->outer_, generator, blocks);
        draws.push_back({generator.seed_, first, blocks});
        return first;
    }
    check(scope->next_ < draws.size(), "RandomTape",
          "more random numbers are drawn than in the first run; got draw ", scope->next_ + 1,
          " of ", draws.size(), "; hint: code that runs twice must draw the same both times");
    const Draw& draw = draws[scope->next_++];
    check(draw.seed == generator.seed_ && draw.blocks == blocks, "RandomTape",
          "other random numbers are drawn than in the first run; got ", blocks, " blocks of seed ",
          generator.seed_, "; expected ", draw.blocks, " of seed ", draw.seed,
          "; hint: code that runs twice must draw the same both times, from generators of the same "
          "seeds");
    return draw.counter;
}

std::int64_t blocks_for(std::int64_t count, DType dtype) {
    return ceil_div(count, size_of(dtype) == 8 ? 2 : 4);
}

Generator::~Generator() {
    if (StepRecorder* const recorder = StepRecorder::current()) recorder->destroyed(*this);
}

std::uint64_t Generator::reserve(std::int64_t blocks) {
    return RandomTape::Scope::reserve(innermost, *this, blocks);
}

Generator Generator::fork(std::uint64_t stream) const {
    return Generator(mix(seed_ ^ mix(stream + 1)));
}

Generator& default_generator() {
    static Generator generator;
    return generator;
}
void manual_seed(std::uint64_t seed) { default_generator() = Generator(seed); }

Tensor rand(const Shape& shape, Options options, Generator& generator) {
    return draw("rand", shape, options, kernels::Distribution::uniform, 0, 1, generator);
}
Tensor rand(const Shape& shape, Generator& generator) { return rand(shape, Options{}, generator); }
Tensor randn(const Shape& shape, Options options, Generator& generator) {
    return draw("randn", shape, options, kernels::Distribution::normal, 0, 1, generator);
}
Tensor randn(const Shape& shape, Generator& generator) {
    return randn(shape, Options{}, generator);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Generator& generator) {
    return randint(low, high, shape, {.dtype = i64}, generator);
}

Tensor randint(std::int64_t low, std::int64_t high, const Shape& shape, Options options,
               Generator& generator) {
    check(low < high, "randint", "empty range; got low ", low, ", high ", high,
          "; expected low < high");
    constexpr std::int64_t limit = std::int64_t{1} << 53;  // kernels take the bounds as doubles
    check(low >= -limit && high <= limit, "randint", "bounds beyond 2^53; got low ", low, ", high ",
          high);
    Tensor out = empty(shape, {i64, options.device});
    kernels::random(out, kernels::Distribution::randint,
                    take(generator, out.numel(), i64, options.device), static_cast<double>(low),
                    static_cast<double>(high));
    return raw::to(out, options.dtype);
}

Tensor bernoulli(const Tensor& p, Generator& generator) {
    check(p.defined() && is_real(p.dtype()), "bernoulli", "needs probabilities f32 or f64; got ",
          describe(p));
    Tensor out = empty(p.shape(), p.options());
    kernels::random_bernoulli(out, raw::contiguous(p),
                              take(generator, out.numel(), f32, p.device()));
    return out;
}

Tensor bernoulli(double p, const Shape& shape, Options options, Generator& generator) {
    check(p >= 0 && p <= 1, "bernoulli", "not a probability; got ", p, "; expected 0 to 1");
    Tensor out = empty(shape, options);
    kernels::random(out, kernels::Distribution::bernoulli,
                    take(generator, out.numel(), f32, options.device), p, 0);
    return out;
}

Tensor randperm(std::int64_t n, Device device, Generator& generator) {
    return raw::to(randperm(n, generator), device);
}

Tensor randperm(std::int64_t n, Generator& generator) {
    check(n >= 0, "randperm", "negative length; got ", n);
    Tensor out = empty({n}, {.dtype = i64});
    auto* order = out.data<std::int64_t>();
    std::iota(order, order + n, std::int64_t{0});
    if (StepRecorder* const recorder = StepRecorder::current()) recorder->will_draw(generator, cpu);
    const std::uint64_t first = generator.reserve(blocks_for(n, i64));
    for (std::int64_t i = n - 1; i > 0; --i) {
        const math::Words4 words =
            math::philox_block(generator.seed(), first + static_cast<std::uint64_t>(i / 2));
        const std::uint64_t word = std::uint64_t{words.w[i % 2 * 2]} << 32 | words.w[i % 2 * 2 + 1];
        const auto j = static_cast<std::int64_t>(
            static_cast<unsigned __int128>(word) * static_cast<std::uint64_t>(i + 1) >> 64);
        std::swap(order[i], order[j]);
    }
    return out;
}

}  // namespace eps
