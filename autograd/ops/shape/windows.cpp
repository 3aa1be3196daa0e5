#include "autograd/ops/shape/windows.h"

#include <utility>

#include "autograd/ops/checker.h"
#include "autograd/ops/image/resample.h"
#include "autograd/ops/shape/shape.h"

namespace eps {

Tensor unfold(const Tensor& x, std::int64_t dim, std::int64_t size, std::int64_t step) {
    const Checker check("unfold");
    check.defined(x);
    check(x.rank() < kMaxRank, "the result would have too many dimensions; got ", x.shape());
    const int d = check.dim(dim, x);
    const std::int64_t n = x.rank() == 0 ? 1 : x.size(d);
    check(size >= 0 && size <= n && step >= 1, "the windows do not fit; got size ", size, ", step ",
          step, " for extent ", n, "; expected a size of 0 to ", n, " and a step of 1 or more");
    const Tensor line = x.rank() == 0 ? unsqueeze(x, 0) : x;
    const std::int64_t windows = (n - size) / step + 1;
    const Extent elements = Extent(windows) * size;
    CsrMatrix matrix(check.op, n, elements, elements);
    for (std::int64_t i = 0; i < windows; ++i)
        for (std::int64_t k = 0; k < size; ++k, matrix.end_row()) matrix.add(i * step + k);
    const Tensor picked = resample(line, d, std::move(matrix), check.op);
    if (x.rank() == 0) return picked;
    Shape shape = x.shape();
    shape[d] = windows;
    shape.insert(d + 1, size);
    Dims order;
    for (int k = 0; k <= x.rank(); ++k)
        if (k != d + 1) order.push_back(k);
    order.push_back(d + 1);
    return permute(reshape(picked, shape), order);
}

}  // namespace eps
