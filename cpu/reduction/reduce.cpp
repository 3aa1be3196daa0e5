// sum, max and min. Which elements are combined with which is a function of shape and strides
// alone: see reduce.h. Two ways to walk, by what lies side by side in memory:
//
//     reduce_rows.h      the elements that are reduced
//     reduce_columns.h   the outputs
#include "cpu/reduction/reduce.h"

#include "cpu/reduction/reduce_columns.h"
#include "cpu/reduction/reduce_plan.h"
#include "cpu/reduction/reduce_rows.h"
#include "tensor/contract/kernels.h"
#include "tensor/numbers.h"

namespace eps::kernels::cpu {
namespace {

template <class R, class T, class S>
void reduce_typed(Tensor& out, const Tensor& src, const Dims& dims) {
    T* const to = static_cast<T*>(out.raw_data());
    const S* const from = static_cast<const S*>(src.raw_data());
    if (src.numel() == 0) {
        std::fill_n(to, out.numel(), R::identity());
        return;
    }
    const ReducePlan plan(out, src, dims);
    const bool outputs_side_by_side = plan.outputs.rank > 0 && plan.outputs.inner_stride(0) == 1 &&
                                      plan.reduced.rank > 0 && plan.reduced.inner_stride(0) > 1;
    if (outputs_side_by_side)
        ReduceColumns<R, T, S>(to, from, plan).run();
    else
        ReduceRows<R, T, S>(to, from, plan).run();
}

// Bytes may be added up in i64; all else stays in its dtype.
template <template <class> class R>
void reduce_dtypes(Tensor& out, const Tensor& src, const Dims& dims) {
    visit_number("reduce", src.dtype(), [&]<class S>() {
        if (out.dtype() == src.dtype()) return reduce_typed<R<S>, S, S>(out, src, dims);
        if constexpr (std::is_same_v<S, std::uint8_t>)
            if (out.dtype() == i64)
                return reduce_typed<R<std::int64_t>, std::int64_t, S>(out, src, dims);
        fail("reduce", "no such conversion; got ", src.dtype(), " into ", out.dtype());
    });
}

}  // namespace

void reduce(Reduction reduction, Tensor& out, const Tensor& src, const Dims& dims) {
    if (out.numel() == 0) return;
    switch (reduction) {
        case Reduction::sum: return reduce_dtypes<SumOf>(out, src, dims);
        case Reduction::max: return reduce_dtypes<MaxOf>(out, src, dims);
        case Reduction::min: return reduce_dtypes<MinOf>(out, src, dims);
    }
}

}  // namespace eps::kernels::cpu
