#include "nn/embedding.h"

#include "autograd/ops/index.h"
#include "autograd/ops/shape.h"
#include "nn/init.h"

namespace eps::nn {

Embedding::Embedding(std::int64_t count, std::int64_t dim, EmbeddingOptions options) {
    check(count >= 1 && dim >= 1, "Embedding", "needs at least one symbol and one dimension; got count ", count, ", dim ", dim);
    check(options.dtype == f32 || options.dtype == f64, "Embedding", "parameters are f32 or f64; got ", options.dtype);
    weight = empty({count, dim}, {.dtype = options.dtype});
    init::normal_(weight, 0, 1, options.generator ? *options.generator : default_generator());
    add_parameter("weight", weight);
}

Tensor Embedding::forward(const Tensor& index) {
    check(index.defined() && index.dtype() == i64, "Embedding", "the index must be i64; got ", describe(index), "; hint: to(index, i64)");
    Shape shape = index.shape();
    shape.push_back(weight.size(1));
    return reshape(index_select(weight, 0, reshape(index, {index.numel()})), shape);
}

}  // namespace eps::nn
