#include "nn/layers/attention.h"

#include <cmath>

#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/norm/attention.h"
#include "autograd/ops/shape/shape.h"
#include "nn/init.h"
#include "tensor/create.h"

namespace eps::nn {

MultiheadAttention::MultiheadAttention(std::int64_t width, std::int64_t heads, Generator* generator)
    : in_proj_weight(empty({3 * width, width})),
      in_proj_bias(zeros({3 * width})),
      out_proj(width, width, {.generator = generator}),
      width_(width),
      heads_(heads) {
    check(heads >= 1 && width % heads == 0, "MultiheadAttention",
          "the heads do not divide the width; got width ", width, ", heads ", heads);
    const double bound = std::sqrt(6.0 / static_cast<double>(4 * width));  // fans are E and 3 E
    init::uniform_(in_proj_weight, -bound, bound, generator ? *generator : default_generator());
    init::zeros_(out_proj.bias);
    add_parameter("in_proj_weight", in_proj_weight);
    add_parameter("in_proj_bias", in_proj_bias);
    add("out_proj", out_proj);
}

std::string MultiheadAttention::extra_repr() const {
    return str(width_, " wide, ", heads_, " heads");
}

// Projects x [B, L, E] by third `part` of in_proj -> [B, heads, L, E / heads].
Tensor MultiheadAttention::heads_of(const Tensor& x, std::int64_t part) const {
    const Tensor projected = linear(x, narrow(in_proj_weight, 0, part * width_, width_),
                                    narrow(in_proj_bias, 0, part * width_, width_));
    return permute(reshape(projected, {x.size(0), x.size(1), heads_, width_ / heads_}),
                   {0, 2, 1, 3});
}

Tensor MultiheadAttention::forward(const Tensor& query, const Tensor& key, const Tensor& value,
                                   const Tensor& mask, bool causal) {
    for (const Tensor& x : {query, key, value})
        check(x.defined() && x.rank() == 3 && x.size(2) == width_, "MultiheadAttention",
              "needs [B, L, ", width_, "]; got ", describe(x));
    const Tensor mixed = scaled_dot_product_attention(
        heads_of(query, 0), heads_of(key, 1), heads_of(value, 2), {.mask = mask, .causal = causal});
    return out_proj(reshape(permute(mixed, {0, 2, 1, 3}), {query.size(0), query.size(1), width_}));
}

}  // namespace eps::nn
