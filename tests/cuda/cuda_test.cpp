// Every kernel of tensor/contract/kernels.h but the pointwise family (pointwise_test.cpp), CPU
// against CUDA.
#include <algorithm>
#include <numeric>

#include "tensor/raw_copy.h"
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;
using kernels::Distribution;
using kernels::PhiloxState;
using kernels::Reduction;
using kernels::Update;

namespace {

constexpr DType kNumbers[] = {DType::u8, DType::i64, DType::f32, DType::f64};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

/// Rounding differs where sums are taken in another order; integers agree exactly.
double tolerance(DType dtype) { return dtype == f32 ? 1e-5 : dtype == f64 ? 1e-12 : 0; }

Shape with_size(Shape shape, int dim, std::int64_t size) {
    shape[dim] = size;
    return shape;
}

}  // namespace

TEST_CASE("cuda: copy converts every dtype to every other, from every layout to every other") {
    if (no_gpu()) return;
    for (DType from :
         {DType::boolean, DType::u8, DType::i64, DType::f16, DType::bf16, DType::f32, DType::f64})
        for (DType to : {DType::boolean, DType::u8, DType::i64, DType::f16, DType::bf16, DType::f32,
                         DType::f64})
            for (Memory out_layout : kWritable)
                for (Memory layout : kReadable) {
                    Twin out = random_twin({4, 6, 8}, out_layout, to);
                    const Twin src = random_twin({4, 6, 8}, layout, from);
                    cpu_kernels::copy(out.host, src.host);
                    cuda_kernels::copy(out.device, src.device);
                    INFO(name_of(from), " to ", name_of(to), ", layouts ", int(layout), " to ",
                         int(out_layout));
                    CHECK(difference(out) == 0);
                }
}

TEST_CASE("cuda: copy of large transposed matrices, rows of wide words, and broadcasts") {
    if (no_gpu()) return;
    for (DType dtype : {DType::u8, DType::f16, DType::f32, DType::f64})
        for (const Shape& shape :
             {Shape{70, 33}, Shape{3, 65, 40}, Shape{8, 8}, Shape{2, 3, 4, 5}}) {
            const int last = shape.rank() - 1;
            Shape transposed = shape;
            std::swap(transposed[last], transposed[last - 1]);
            Strides strides = contiguous_strides(transposed);
            std::swap(strides[last], strides[last - 1]);
            const Twin whole = random_twin({numel(shape)}, Memory::row_major, dtype);
            Twin out = random_twin(shape, Memory::row_major, dtype);
            cpu_kernels::copy(out.host, whole.host.as_strided(shape, strides, 0));
            cuda_kernels::copy(out.device, whole.device.as_strided(shape, strides, 0));
            INFO(name_of(dtype), " ", shape);
            CHECK(difference(out) == 0);
        }
    // rows cut out of longer ones: 16-byte words where length, distance and address allow
    for (std::int64_t width : {16, 8, 6, 4, 3})
        for (std::int64_t length : {32, 33, 34})
            for (std::int64_t offset : {8, 9, 10}) {
                const Twin wide = random_twin({5 * 7 * length}, Memory::row_major, f32);
                Twin out = random_twin({5, 7, width}, Memory::row_major, f32);
                cpu_kernels::copy(
                    out.host, wide.host.as_strided({5, 7, width}, {7 * length, length, 1}, offset));
                cuda_kernels::copy(out.device, wide.device.as_strided(
                                                   {5, 7, width}, {7 * length, length, 1}, offset));
                CHECK(difference(out) == 0);
            }
    const Twin row = random_twin({8}, Memory::row_major, f32);
    Twin out = random_twin({3, 5, 8}, Memory::row_major, f32);
    cpu_kernels::copy(out.host, row.host);
    cuda_kernels::copy(out.device, row.device);
    CHECK(difference(out) == 0);
}

TEST_CASE("cuda: fill and arange") {
    if (no_gpu()) return;
    for (DType dtype :
         {DType::boolean, DType::u8, DType::i64, DType::f16, DType::bf16, DType::f32, DType::f64}) {
        for (Memory layout : kWritable)
            for (double value : {0.0, 1.0, 3.25}) {
                Twin out = random_twin({4, 6, 8}, layout, dtype);
                cpu_kernels::fill(out.host, value);
                cuda_kernels::fill(out.device, value);
                CHECK(difference(out) == 0);
            }
        Twin out = random_twin({1000}, Memory::row_major, dtype);
        cpu_kernels::arange(out.host, 1, 0.1);
        cuda_kernels::arange(out.device, 1, 0.1);
        // one rounding less where product and sum are fused
        CHECK(difference(out) <= (dtype == f64 ? 1e-15 : 0));
    }
}

TEST_CASE("cuda: reduce over every set of dimensions") {
    if (no_gpu()) return;
    const Shape shape{4, 6, 8};
    for (Reduction reduction : {Reduction::sum, Reduction::max, Reduction::min})
        for (DType dtype : {DType::boolean, DType::u8, DType::i64, DType::f32, DType::f64})
            for (Memory layout : kReadable)
                for (unsigned set = 0; set < 8; ++set) {
                    Dims dims;
                    Shape kept = shape;
                    for (int d = 0; d < 3; ++d)
                        if (set >> d & 1u) dims.push_back(d), kept[d] = 1;
                    const Twin src =
                        random_twin(shape, layout, dtype, 0, dtype == DType::boolean ? 2 : 9);
                    Twin out = random_twin(
                        kept, Memory::row_major,
                        reduction == Reduction::sum && !is_floating(dtype) ? i64 : dtype, 0, 2);
                    cpu_kernels::reduce(reduction, out.host, src.host, dims);
                    cuda_kernels::reduce(reduction, out.device, src.device, dims);
                    INFO("reduction ", int(reduction), " of ", name_of(dtype), ", layout ",
                         int(layout), ", dims ", dims);
                    CHECK(difference(out) <= tolerance(dtype));
                }
}

TEST_CASE(
    "cuda: reduce of long rows, tall columns and nothing; NaN wins; every run gives the same "
    "bits") {
    if (no_gpu()) return;
    struct Case {
        Shape shape;
        Dims dims;
    };
    for (const Case& c : {Case{{3, 70001}, {1}}, Case{{70001, 3}, {0}}, Case{{100003}, {0}},
                          Case{{5, 1000, 7}, {1}}, Case{{3, 0}, {1}}, Case{{300, 2, 200}, {0, 2}}})
        for (Reduction reduction : {Reduction::sum, Reduction::max, Reduction::min})
            for (bool with_nan : {false, true}) {
                const Twin src = random_twin(c.shape, Memory::row_major, f32, 0, 1, true);
                if (with_nan && numel(c.shape) > 0) {
                    src.host.data<float>()[numel(c.shape) / 2] = static_cast<float>(kNaN);
                    Tensor target = src.device;
                    cuda_kernels::copy(target, raw::to(src.host, cuda));
                }
                Shape kept = c.shape;
                for (std::int64_t d : c.dims) kept[static_cast<int>(d)] = 1;
                Twin out = random_twin(kept, Memory::row_major, f32);
                cpu_kernels::reduce(reduction, out.host, src.host, c.dims);
                cuda_kernels::reduce(reduction, out.device, src.device, c.dims);
                INFO("reduction ", int(reduction), " of ", c.shape, " over ", c.dims);
                CHECK(difference(out) <= 1e-4);
                Twin again = random_twin(kept, Memory::row_major, f32);
                cuda_kernels::reduce(reduction, again.device, src.device, c.dims);
                CHECK(difference(raw::to(out.device, cpu), again.device) == 0);
            }
}

TEST_CASE("cuda: argmax and argsort along every dimension, with ties and NaN") {
    if (no_gpu()) return;
    for (const Shape& shape : {Shape{4, 6, 8}, Shape{3, 100, 2}, Shape{1, 1, 1}})
        for (DType dtype : kNumbers)
            for (Memory layout : kReadable)
                for (int dim = 0; dim < 3; ++dim)
                    for (bool flag : {false, true}) {
                        Twin src = random_twin(shape, layout, dtype, 0, 4);
                        if (dtype == f32) {  // many equal values, both zeros, and NaN
                            std::vector<double> buffer = src.host_buffer.to_vector();
                            for (double& x : buffer)
                                x = x > 3 ? kNaN : x > 2 ? -0.0 : std::floor(x);
                            src = twin_of(buffer, shape, src.host.strides(), src.host.offset(),
                                          dtype);
                        }
                        INFO(name_of(dtype), " ", shape, ", layout ", int(layout), ", dim ", dim,
                             flag ? ", smallest or descending" : "");
                        Twin where = random_twin(with_size(shape, dim, 1), Memory::row_major, i64);
                        cpu_kernels::argmax(where.host, src.host, dim, flag);
                        cuda_kernels::argmax(where.device, src.device, dim, flag);
                        CHECK(difference(where) == 0);
                        Twin order = random_twin(shape, Memory::row_major, i64);
                        cpu_kernels::argsort(order.host, src.host, dim, flag);
                        cuda_kernels::argsort(order.device, src.device, dim, flag);
                        CHECK(difference(order) == 0);
                    }
}

TEST_CASE("cuda: matmul of plain, transposed, strided and repeated operands") {
    if (no_gpu()) return;
    for (DType dtype : {f32, f64})
        for (const Shape& sizes : {Shape{3, 5, 7, 4}, Shape{1, 17, 33, 9}, Shape{4, 1, 6, 5},
                                   Shape{2, 6, 1, 3}, Shape{2, 6, 5, 1}, Shape{2, 3, 0, 4}})
            for (Memory a_layout : kReadable)
                for (Memory b_layout : kReadable)
                    for (bool accumulate : {false, true}) {
                        const std::int64_t batch = sizes[0], m = sizes[1], k = sizes[2],
                                           n = sizes[3];
                        const Twin a = random_twin({batch, m, k}, a_layout, dtype, -1, 1),
                                   b = random_twin({batch, k, n}, b_layout, dtype, -1, 1);
                        Twin out = random_twin({batch, m, n}, Memory::row_major, dtype, -1, 1);
                        cpu_kernels::matmul(out.host, a.host, b.host, accumulate);
                        cuda_kernels::matmul(out.device, a.device, b.device, accumulate);
                        INFO(name_of(dtype), " ", a.host.shape(), " x ", b.host.shape(),
                             ", layouts ", int(a_layout), " and ", int(b_layout));
                        CHECK(difference(out) <= tolerance(dtype));
                        // Columns side by side: the batched transposes that attention and the
                        // gradients of linear layers use.
                        const auto transposed = [](const Tensor& x) {
                            return x.as_strided({x.size(0), x.size(2), x.size(1)},
                                                {x.strides()[0], x.strides()[2], x.strides()[1]},
                                                x.offset());
                        };
                        Twin flipped = random_twin({batch, n, m}, Memory::row_major, dtype, -1, 1);
                        cpu_kernels::matmul(flipped.host, transposed(b.host), transposed(a.host),
                                            accumulate);
                        cuda_kernels::matmul(flipped.device, transposed(b.device),
                                             transposed(a.device), accumulate);
                        CHECK(difference(flipped) <= tolerance(dtype));
                    }
}

TEST_CASE("cuda: gather and scatter, to the bit") {
    if (no_gpu()) return;
    for (DType dtype : kNumbers)
        for (Memory layout : kReadable)
            for (Memory index_layout : kReadable)
                for (int dim = 0; dim < 3; ++dim) {
                    const Shape table{4, 6, 8}, picked = with_size(table, dim, 11);
                    const Twin index =
                        random_twin(picked, index_layout, i64, 0, static_cast<double>(table[dim]));
                    INFO(name_of(dtype), ", layouts ", int(layout), " and ", int(index_layout),
                         ", dim ", dim);
                    const Twin src = random_twin(table, layout, dtype);
                    Twin out = random_twin(picked, Memory::row_major, dtype);
                    cpu_kernels::gather(out.host, src.host, dim, index.host);
                    cuda_kernels::gather(out.device, src.device, dim, index.device);
                    CHECK(difference(out) == 0);
                    const Twin added = random_twin(picked, layout, dtype);
                    for (bool accumulate : {false, true}) {
                        Twin target = random_twin(
                            table,
                            index_layout == Memory::repeated ? Memory::row_major : index_layout,
                            dtype);
                        cpu_kernels::scatter(target.host, dim, index.host, added.host, accumulate);
                        cuda_kernels::scatter(target.device, dim, index.device, added.device,
                                              accumulate);
                        CHECK(difference(target) == 0);
                    }
                }
    // An embedding: one line of indices for all columns.
    const Twin index = random_twin({500}, Memory::row_major, i64, 0, 20);
    const Twin gradient = random_twin({500, 30}, Memory::row_major, f32, -1, 1);
    Twin table = random_twin({20, 30}, Memory::row_major, f32, -1, 1);
    cpu_kernels::scatter(table.host, 0, index.host.as_strided({500, 30}, {1, 0}, 0), gradient.host,
                         true);
    cuda_kernels::scatter(table.device, 0, index.device.as_strided({500, 30}, {1, 0}, 0),
                          gradient.device, true);
    CHECK(difference(table) == 0);
}

TEST_CASE("cuda: searchsorted") {
    if (no_gpu()) return;
    for (DType dtype : kNumbers)
        for (Memory layout : kReadable)
            for (bool right : {false, true}) {
                const Twin loose = random_twin({3, 17}, Memory::row_major, dtype, 0, 20),
                           values = random_twin({3, 40}, layout, dtype, 0, 20);
                Twin order = random_twin({3, 17}, Memory::row_major, i64, 0, 1), sorted = loose;
                Twin out = random_twin({3, 40}, Memory::row_major, i64, 0, 1);
                cpu_kernels::argsort(order.host, loose.host, 1, false);
                cuda_kernels::argsort(order.device, loose.device, 1, false);
                sorted.host = raw::clone(loose.host), sorted.device = raw::clone(loose.device);
                cpu_kernels::gather(sorted.host, loose.host, 1, order.host);
                cuda_kernels::gather(sorted.device, loose.device, 1, order.device);
                cpu_kernels::searchsorted(out.host, sorted.host, values.host, right);
                cuda_kernels::searchsorted(out.device, sorted.device, values.device, right);
                CHECK(difference(out) == 0);
            }
}

TEST_CASE("cuda: resample, with tables shorter and longer than a launch takes") {
    if (no_gpu()) return;
    struct Table {
        std::int64_t outputs, longest;
    };
    for (const auto [outputs, longest] :
         {Table{5, 3}, Table{500, 2}, Table{3, 1000}, Table{1, 0}, Table{400, 1}})
        for (DType dtype : kNumbers)
            for (int dim = 0; dim < 3; ++dim)
                for (Memory layout : kReadable) {
                    CsrMatrix matrix(6);
                    for (std::int64_t i = 0; i < outputs; ++i, matrix.end_row())
                        for (std::int64_t t = longest - i % (longest + 1); t > 0; --t)
                            matrix.add((i + t) % 6, longest == 1 || !is_floating(dtype)
                                                        ? 1
                                                        : 0.25 * static_cast<double>(t % 5));
                    const Twin src = random_twin({6, 6, 6}, layout, dtype, 0, 4, dtype != u8);
                    Twin out =
                        random_twin(with_size({6, 6, 6}, dim, outputs), Memory::reversed, dtype);
                    cpu_kernels::resample(out.host, src.host, dim, matrix);
                    cuda_kernels::resample(out.device, src.device, dim, matrix);
                    INFO(name_of(dtype), ", dim ", dim, ", layout ", int(layout), ", ", outputs,
                         " outputs");
                    CHECK(difference(out) <= (longest == 1 ? 0 : tolerance(dtype)));
                }
}

TEST_CASE("cuda: max_pool2d, to the bit") {
    if (no_gpu()) return;
    const auto image = [](const Shape& s, DType dtype) {  // small numbers: many are equal
        return twin_of(
            [&] {
                std::vector<double> values(static_cast<std::size_t>(numel(s)));
                for (double& x : values) x = static_cast<double>(numbers()() % 7);
                if (is_floating(dtype)) values[values.size() / 2] = kNaN;
                return values;
            }(),
            s, {s[1] * s[2] * s[3], 1, s[3] * s[1], s[1]}, 0, dtype);
    };
    for (DType dtype : kNumbers)
        for (const auto& g : {kernels::PoolGeometry{{2, 3}, {2, 1}, {1, 1}, {1, 1}},
                              kernels::PoolGeometry{{2, 2}, {1, 3}, {0, 0}, {3, 2}}}) {
            const Twin x = image({3, 5, 8, 9}, dtype);
            const auto extent = [&](std::int64_t size, std::size_t d) {
                return (size + 2 * g.padding[d] - (g.size[d] - 1) * g.dilation[d] - 1) /
                           g.stride[d] +
                       1;
            };
            const Shape out{3, 5, extent(8, 0), extent(9, 1)};
            Twin values = image(out, dtype), indices = image(out, i64);
            cpu_kernels::max_pool2d(values.host, indices.host, x.host, g);
            cuda_kernels::max_pool2d(values.device, indices.device, x.device, g);
            CHECK(difference(values) == 0);
            CHECK(difference(indices) == 0);
        }
}

TEST_CASE("cuda: linear layers, with rows and weights in every layout") {
    if (no_gpu()) return;
    for (DType dtype : {f32, f64})
        for (Memory x_layout : kReadable)
            for (Memory weight_layout : kReadable)
                for (std::int64_t inputs : {0, 5, 64}) {
                    const Twin x = random_twin({33, inputs}, x_layout, dtype),
                               weight = random_twin({20, inputs}, weight_layout, dtype);
                    const Twin bias = random_twin({20}, Memory::row_major, dtype);
                    Twin out = random_twin({33, 20}, Memory::row_major, dtype);
                    cpu_kernels::linear(out.host, x.host, weight.host, bias.host);
                    cuda_kernels::linear(out.device, x.device, weight.device, bias.device);
                    INFO(name_of(dtype), ", layouts ", int(x_layout), " and ", int(weight_layout),
                         ", inputs ", inputs);
                    CHECK(difference(out) <= tolerance(dtype));
                }
}

TEST_CASE("cuda: running statistics") {
    if (no_gpu()) return;
    for (DType dtype : {f32, f64})
        for (Memory layout : kWritable) {
            Twin running = random_twin({300}, layout, dtype);
            const Twin values = random_twin({300}, Memory::sliced, f64);
            cpu_kernels::moving_average(running.host, values.host, 0.1, 1.5);
            cuda_kernels::moving_average(running.device, values.device, 0.1, 1.5);
            CHECK(difference(running) <= tolerance(dtype));
        }
}

TEST_CASE("cuda: cumsum of short and long lines, both ways") {
    if (no_gpu()) return;
    for (const Shape& shape : {Shape{4, 6, 8}, Shape{3, 1000, 2}})
        for (DType dtype : kNumbers)
            for (Memory layout : kReadable)
                for (int dim = 0; dim < 3; ++dim)
                    for (bool reverse : {false, true}) {
                        const Twin src =
                            random_twin(shape, layout, dtype, 0, 1, dtype != DType::u8);
                        Twin out = random_twin(shape, Memory::row_major, dtype);
                        cpu_kernels::cumsum(out.host, src.host, dim, reverse);
                        cuda_kernels::cumsum(out.device, src.device, dim, reverse);
                        INFO(name_of(dtype), " ", shape, ", layout ", int(layout), ", dim ", dim,
                             reverse ? ", reverse" : "");
                        // Two orders of 1000 additions to partial sums of up to 30 or so:
                        // sqrt(1000) roundings of u 30, and the sum may be small.
                        CHECK(difference(out) <= 4 * tolerance(dtype));
                    }
}

TEST_CASE("cuda: the same random numbers as on the CPU") {
    if (no_gpu()) return;
    // the counter carries into its upper word
    const PhiloxState state{0x123456789abcdefull, 0xfffffffeull};
    for (std::int64_t n : {1, 2, 3, 4, 5, 1000, 4099})
        for (Memory layout : {Memory::row_major, Memory::shifted}) {
            const auto compare = [&](DType dtype, Distribution distribution, double a, double b,
                                     double allowed) {
                Twin out = random_twin({n}, layout, dtype, 0, 2);
                cpu_kernels::random(out.host, distribution, state, a, b);
                cuda_kernels::random(out.device, distribution, state, a, b);
                INFO(n, " of distribution ", int(distribution), " in ", name_of(dtype));
                CHECK(difference(out) <= allowed);
            };
            for (DType dtype : {f32, f64}) {
                compare(dtype, Distribution::uniform, 0, 1, 0);  // the words themselves
                compare(dtype, Distribution::uniform, -1, 3, dtype == f32 ? 1e-6 : 1e-15);
                compare(dtype, Distribution::normal, 2, 0.5, dtype == f32 ? 1e-6 : 1e-14);
            }
            for (DType dtype : {DType::boolean, DType::u8, DType::f32})
                compare(dtype, Distribution::bernoulli, 0.3, 0, 0);
            compare(i64, Distribution::randint, -5, 1e12, 0);
            for (DType dtype : {f32, f64}) {
                const Twin p = random_twin({n}, Memory::row_major, dtype, 0, 1);
                Twin out = random_twin({n}, layout, dtype);
                cpu_kernels::random_bernoulli(out.host, p.host, state);
                cuda_kernels::random_bernoulli(out.device, p.device, state);
                CHECK(difference(out) == 0);
            }
        }
}

TEST_CASE("cuda: every optimiser step, over more tensors than one launch takes") {
    if (no_gpu()) return;
    const kernels::UpdateCoefficients c{.lr = 0.1,
                                        .weight_decay = 0.01,
                                        .decoupled_decay = 0.02,
                                        .epsilon = 1e-8,
                                        .beta1 = 0.9,
                                        .beta2 = 0.99,
                                        .bias1 = 0.5,
                                        .bias2 = 0.25,
                                        .momentum = 0.8,
                                        .dampening = 0.1,
                                        .nesterov = 1,
                                        .first_step = 0};
    for (Update update : {Update::sgd, Update::adam, Update::rmsprop, Update::adagrad,
                          Update::adamax, Update::lion, Update::ema}) {
        std::vector<Twin> twins;
        std::vector<kernels::UpdateTensors> host, device;
        for (std::int64_t t = 0; t < 300; ++t) {
            const Shape shape{t % 50 == 7 ? 9001 : t % 13};
            const DType dtype = t % 5 == 0 ? f64 : f32;
            for (int i = 0; i < 4; ++i)
                twins.push_back(random_twin(shape, Memory::row_major, dtype, 0.1, 1));
            const Twin* last = &twins[twins.size() - 4];
            const bool states = update != Update::ema;
            host.push_back({last[0].host, last[1].host, states ? last[2].host : Tensor(),
                            states ? last[3].host : Tensor()});
            device.push_back({last[0].device, last[1].device, states ? last[2].device : Tensor(),
                              states ? last[3].device : Tensor()});
        }
        cpu_kernels::multi_tensor_update(update, kernels::as_tensor(c), host);
        cuda_kernels::multi_tensor_update(update, raw::to(kernels::as_tensor(c), cuda), device);
        for (const Twin& t : twins) CHECK(difference(t) <= 1e-6);
    }
}

TEST_CASE("cuda: memory returns to the cache, and a wrong device is an error") {
    if (no_gpu()) return;
    MESSAGE("GPU: " << cuda_kernels::device_summary());
    const auto step = [] { return raw::to(raw::to(tensor({1, 2, 3}), cuda), cpu); };
    CHECK(step().to_vector() == std::vector<double>{1, 2, 3});
    const std::size_t before = allocator_of(cuda).stats().system_bytes;
    for (int i = 0; i < 10; ++i) step();
    CHECK(allocator_of(cuda).stats().system_bytes == before);
    CHECK_THROWS_AS((void)allocator_of({DeviceType::cuda, 127}), Error);
}
