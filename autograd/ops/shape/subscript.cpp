// Tensor::operator[], declared in tensor/tensor.h: C++ wants it to be a member.
#include "autograd/ops/checker.h"
#include "autograd/ops/shape/shape.h"

namespace eps {

Tensor Tensor::operator[](std::initializer_list<Index> indices) const {
    const Checker check("operator[]");
    check.defined(*this);
    check(indices.size() <= static_cast<std::size_t>(rank()), "too many indices; got ",
          indices.size(), " for ", describe(*this));
    Tensor view = *this;
    int from = 0;  // the dimension of this tensor that an index is for
    int dim = 0;   // where it stands in the view
    for (const Index& index : indices) {
        const std::int64_t extent = size(from++);
        if (index.selects) {
            if (index.position < -extent || index.position >= extent) [[unlikely]]
                check.fail("index ", index.position, " is out of range; ",
                           in_range(-extent, extent), " along dim ", from - 1, " of ", shape());
            view = select(view, dim, index.position);
        } else {
            const Slice& range = index.range;
            check(range.step >= 1, "the step of a slice must be at least 1; got ", range.step);
            view = slice(view, dim++, range.begin, range.end, range.step);
        }
    }
    return view;
}

}  // namespace eps
