#include "nn/layers/maxout.h"

#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"

namespace eps::nn {
namespace {

std::int64_t checked_width(std::int64_t out, std::int64_t pieces) {
    check(out >= 1 && pieces >= 1, "Maxout", "needs at least one output and one piece; got out ",
          out, ", pieces ", pieces);
    return out * pieces;
}

}  // namespace

Maxout::Maxout(std::int64_t in, std::int64_t out, std::int64_t pieces, LinearOptions options)
    : linear(in, checked_width(out, pieces), options), pieces_(pieces) {
    add("linear", linear);
}

Tensor Maxout::forward(const Tensor& x) {
    const Tensor y = linear(x);  // [.., out pieces]
    Shape shape = y.shape();
    shape[shape.rank() - 1] /= pieces_;
    shape.push_back(pieces_);
    return max(reshape(y, shape), {-1});
}

}  // namespace eps::nn
