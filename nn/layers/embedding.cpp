#include "nn/layers/embedding.h"

#include "autograd/grad_mode.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/shape/shape.h"
#include "nn/init.h"

namespace eps::nn {

Embedding::Embedding(std::int64_t count, std::int64_t dim, EmbeddingOptions options) {
    check(count >= 1 && dim >= 1, "Embedding",
          "needs at least one symbol and one dimension; got count ", count, ", dim ", dim);
    check(options.dtype == f32 || options.dtype == f64, "Embedding",
          "parameters are f32 or f64; got ", options.dtype);
    weight = empty({count, dim}, {.dtype = options.dtype});
    init::normal_(weight, 0, 1, options.generator ? *options.generator : default_generator());
    add_weight("weight", weight, 0);
    if (!options.padding_idx) return;
    const std::int64_t padding = *options.padding_idx;
    check(padding >= -count && padding < count, "Embedding", "padding_idx is out of range; got ",
          padding, "; there are ", count, " symbols");
    padding_ = padding < 0 ? padding + count : padding;
    NoGrad guard;
    select(weight, 0, *padding_).zero_();
}

Tensor Embedding::forward(const Tensor& index) {
    return embedding(computed(weight), index, padding_.value_or(-1));
}

std::string Embedding::extra_repr() const { return str(weight.size(0), " -> ", weight.size(1)); }

}  // namespace eps::nn
