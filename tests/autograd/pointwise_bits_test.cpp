// An element's bits depend on its inputs alone: not on where it stands in the tensor, nor on the
// number of threads. Vector loops and their last elements must therefore round alike.
#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/runtime/parallel.h"
#include "tests/autograd/pointwise_table.h"

using namespace eps;
using namespace eps::test;

namespace {

std::vector<Tensor> inputs_of(const PointwiseOp& op, std::int64_t n, DType dtype) {
    std::vector<Tensor> inputs = samples(op, {n}, 7);
    for (Tensor& x : inputs) x = to(x, dtype);
    return inputs;
}

Tensor value_of(const PointwiseOp& op, std::size_t number, const Tensor& g,
                const std::vector<Tensor>& inputs) {
    const bool predicate = op.kind == PointwiseKind::predicate;
    Tensor out =
        empty(inputs[0].shape(), {.dtype = predicate ? DType::boolean : inputs[0].dtype()});
    run_entry(op, attributes_of(op), number, out, g, inputs);
    return out;
}

// Calls f(op, number, dtype) for the forward and every first derivative.
template <class F> void for_each_entry(const F& f) {
    for (const PointwiseOp* op : ops_and_derivatives_from_output())
        for (std::size_t number = 0; number < op->entries.size(); ++number)
            if (op->entries[number].index.order <= 1)
                for (DType dtype : {f32, f64}) f(*op, number, dtype);
}

}  // namespace

TEST_CASE("pointwise: an element has the same bits in pieces of every length and offset") {
    constexpr std::int64_t n = 4099;
    for_each_entry([&](const PointwiseOp& op, std::size_t number, DType dtype) {
        const std::vector<Tensor> inputs = inputs_of(op, n, dtype);
        const Tensor g = to(uniform({n}, -2, 2, 96), dtype);
        const Tensor whole = value_of(op, number, g, inputs);
        for (const std::int64_t length : {1, 3, 13, 31}) {
            bool same = true;
            for (std::int64_t from = 0; from + length <= n && from < 1600; from += length) {
                std::vector<Tensor> piece = inputs;
                for (Tensor& x : piece) x = narrow(x, 0, from, length);
                same = same && same_bits(narrow(whole, 0, from, length),
                                         value_of(op, number, narrow(g, 0, from, length), piece));
            }
            CHECK_MESSAGE(same, entry_name(op, number), " of ", to_string(dtype), " in pieces of ",
                          length);
        }
    });
}

TEST_CASE("pointwise: the same bits on 1 to 16 threads") {
    const int before = num_threads();
    constexpr std::int64_t n = 2 * 16384 + 11;  // two threads' worth and no multiple of a vector
    for_each_entry([&](const PointwiseOp& op, std::size_t number, DType dtype) {
        const std::vector<Tensor> inputs = inputs_of(op, n, dtype);
        const Tensor g = to(uniform({n}, -2, 2, 96), dtype);
        set_num_threads(1);
        const Tensor expected = value_of(op, number, g, inputs);
        for (int threads : {2, 3, 5, 8, 16}) {
            set_num_threads(threads);
            CHECK_MESSAGE(same_bits(expected, value_of(op, number, g, inputs)),
                          entry_name(op, number), " of ", to_string(dtype), " on ", threads,
                          " threads");
        }
    });
    set_num_threads(before);
}

TEST_CASE("kl_standard_normal has the same bits on 1 to 16 threads") {
    const int before = num_threads();
    constexpr std::int64_t n = 300007;
    const Tensor mu = to(uniform({n}, -2, 2, 1), f32), log_var = to(uniform({n}, -2, 2, 2), f32);
    set_num_threads(1);
    const Tensor expected = kl_standard_normal(mu, log_var);
    for (int threads = 2; threads <= 16; ++threads) {
        set_num_threads(threads);
        CHECK_MESSAGE(same_bits(expected, kl_standard_normal(mu, log_var)), threads, " threads");
    }
    set_num_threads(before);
}
