// Attention with caches and shared heads, and rotated positions.
#include "autograd/ops/norm/attention.h"

#include <cmath>
#include <limits>

#include "autograd/ops/elementwise/pointwise_functions.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/norm/rotary.h"
#include "autograd/ops/norm/softmax.h"
#include "autograd/ops/shape/repeat.h"
#include "tests/conformance/onnx/interpreter.h"
#include "tests/conformance/onnx/ops/common.h"

namespace eps::conformance {
namespace {

// [B, L, H D] -> [B, H, L, D]; a tensor of rank 4 is so already.
Tensor with_heads(const Tensor& x, std::int64_t heads) {
    if (x.rank() == 4) return x;
    return transpose(reshape(x, {x.size(0), x.size(1), heads, x.size(2) / heads}), 1, 2);
}
// [B, H, L, D] -> [B, L, H D]
Tensor without_heads(const Tensor& x) {
    return reshape(transpose(x, 1, 2), {x.size(0), x.size(2), x.size(1) * x.size(3)});
}

// 0, 1, .. as i64
Tensor positions(std::int64_t count) {
    return arange(0, static_cast<double>(count), 1, {.dtype = i64});
}

Tensor infinite_where_not(const Tensor& allowed, DType dtype) {
    const Tensor hidden = full({}, -std::numeric_limits<double>::infinity(), {.dtype = dtype});
    return where(allowed, zeros({}, {.dtype = dtype}), hidden);
}

/// A node's tensors: queries, and all keys and values so far, for each head of the queries.
struct Attention {
    Tensor q, k, v;
    Tensor present_key, present_value;  // for each head of their own
    Tensor mask;                        // to be added to [B, H, L, S]; undefined: nothing
    AttentionArguments arguments;
};

// Since op set 24 a mask may be shorter than the keys; what it does not reach is not read.
Tensor padded_mask(const Tensor& mask, std::int64_t keys, DType dtype) {
    const Tensor added = mask.dtype() == boolean ? infinite_where_not(mask, dtype) : mask;
    const Dims none = Dims::filled(mask.rank(), 0);
    Dims behind = none;
    behind[mask.rank() - 1] = keys - mask.size(-1);
    return pad(added, none, behind, -std::numeric_limits<double>::infinity());
}

Tensor both(const Tensor& a, const Tensor& b) { return a.defined() ? a + b : b; }

Tensor mask_of(const Call& c, const Tensor& q, std::int64_t keys) {
    Tensor mask;
    if (c.has(3)) mask = padded_mask(c[3], keys, q.dtype());
    if (c.flag("is_causal")) {
        const std::int64_t past = c.has(4) ? c[4].size(2) : 0;
        const Tensor query = unsqueeze(positions(q.size(2)) + static_cast<double>(past), 1);
        mask = both(mask, infinite_where_not(query >= positions(keys), q.dtype()));
    }
    if (c.has(6)) {  // how many keys of each sequence count
        const Tensor length = reshape(to(c[6], i64), {-1, 1, 1, 1});
        mask = both(mask, infinite_where_not(positions(keys) < length, q.dtype()));
    }
    return mask;
}

Attention attention_of(const Call& c) {
    Attention a;
    const std::int64_t heads = c.integer("q_num_heads", c[0].size(1));
    const std::int64_t key_heads = c.integer("kv_num_heads", c[1].size(1));
    a.q = with_heads(c[0], heads);
    a.present_key = with_heads(c[1], key_heads);
    a.present_value = with_heads(c[2], key_heads);
    if (c.has(4)) a.present_key = concat({c[4], a.present_key}, 2);
    if (c.has(5)) a.present_value = concat({c[5], a.present_value}, 2);
    const std::int64_t shared = a.q.size(1) / a.present_key.size(1);
    a.k = repeat_interleave(a.present_key, shared, 1);
    a.v = repeat_interleave(a.present_value, shared, 1);
    a.mask = mask_of(c, a.q, a.k.size(2));
    a.arguments = {.mask = a.mask, .softcap = c.real("softcap", 0)};
    if (c.has("scale")) a.arguments.scale = c.real("scale", 1);
    return a;
}

// The scores: as they are (0), capped (1), masked (2), or as weights (3).
Tensor scores_of(const Attention& a, std::int64_t mode) {
    if (mode == 3) return attention_weights(a.q, a.k, a.arguments);
    const double width = static_cast<double>(a.q.size(3));
    const double scale = a.arguments.scale ? *a.arguments.scale : 1 / std::sqrt(width);
    Tensor scores = matmul(a.q, transpose(a.k)) * scale;
    const double cap = a.arguments.softcap;
    if (mode >= 1 && cap > 0) scores = cap * tanh(scores / cap);
    return mode >= 2 && a.mask.defined() ? scores + a.mask : scores;
}

Results attention(const Call& c) {
    c.ignore("softmax_precision");  // f32, in which everything here is computed
    const Attention a = attention_of(c);
    const Tensor y = scaled_dot_product_attention(a.q, a.k, a.v, a.arguments);
    const std::int64_t mode = c.integer("qk_matmul_output_mode", 0);
    return {c[0].rank() == 3 ? without_heads(y) : y, a.present_key, a.present_value,
            c.output_count() > 3 ? scores_of(a, mode) : Tensor()};
}

// Attention whose scores, and whose weights, pass through graphs that the node brings along.
Results flexible_attention(const Call& c) {
    c.ignore("softmax_precision");
    const Tensor &q = c[0], &v = c[2];
    const std::int64_t shared = q.size(1) / c[1].size(1);
    const double scale =
        c.has("scale") ? c.real("scale", 1) : 1 / std::sqrt(static_cast<double>(q.size(3)));
    const auto through = [&](const char* name, const Tensor& x) {
        return c.has(name) ? run_graph(c.graph(name), {x}, &c.scope(), c.opset()).at(0).tensor : x;
    };
    const Tensor scores = matmul(q, transpose(repeat_interleave(c[1], shared, 1))) * scale;
    const Tensor weights = through("prob_mod", softmax(through("score_mod", scores), -1));
    return matmul(weights, repeat_interleave(v, shared, 1));
}

// Inputs: x, cosines, sines, and, if the tables are for all positions, those of x.
Results rotary(const Call& c) {
    c.ignore("rotary_embedding_dim");  // which the tables say
    const Tensor x = with_heads(c[0], c.integer("num_heads", 1));
    const auto of_positions = [&](const Tensor& table) {
        if (!c.has(3)) return unsqueeze(table, 1);
        const Tensor rows = index_select(table, 0, reshape(to(c[3], i64), {-1}));
        return reshape(rows, {c[3].size(0), 1, c[3].size(1), table.size(1)});
    };
    const Tensor y =
        rotary_embedding(x, of_positions(c[1]), of_positions(c[2]), c.flag("interleaved"));
    return c[0].rank() == 3 ? without_heads(y) : y;
}

}  // namespace

void add_attention_ops(OpTable& table) {
    table.insert({{"Attention", attention},
                  {"FlexAttention", flexible_attention},
                  {"RotaryEmbedding", rotary}});
}

}  // namespace eps::conformance
