#include "models/ddpm/network.h"

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "nn/layers/time_embedding.h"
#include "tensor/create.h"

namespace eps::models::ddpm {

Network::Network(const ConditionOptions& o)
    : sinusoids_(o.sinusoids),
      classes_(o.classes),
      learned_variance_(o.learned_variance),
      time1_(o.sinusoids, o.width, {.generator = o.generator}),
      time2_(o.width, o.width, {.generator = o.generator}) {
    check(o.classes >= 0, "ddpm", "negative number of classes; got ", o.classes);
    add("time1", time1_);
    add("time2", time2_);
    if (o.classes == 0) return;
    class_embedding_ = std::make_unique<nn::Embedding>(
        o.classes + 1, o.width, nn::EmbeddingOptions{.generator = o.generator});
    add("class_embedding", *class_embedding_);
}

Tensor Network::forward(const Tensor& x, const Tensor& t, const Tensor& classes) {
    check(x.defined() && x.rank() >= 2 && t.defined() && t.rank() == 1 && t.size(0) == x.size(0),
          "ddpm", "a network needs x [B, ..] and one time for each sample; got ", describe(x),
          " and ", describe(t));
    check(classes.defined() == (classes_ > 0), "ddpm", "the network was made with",
          classes_ > 0 ? "" : "out", " classes; got ", describe(classes));
    if (x.size(0) == 1 && !grad_enabled()) {
        // A product with a single row runs as a matrix-vector product, which rounds differently. A
        // single sample is therefore computed as one of two, to be the same in any batch.
        const auto twice = [](const Tensor& one) {
            return one.defined() ? concat({one, one}) : one;
        };
        return narrow(forward(twice(x), twice(t), twice(classes)), 0, 0, 1);
    }
    Tensor condition = time2_(silu(time1_(eps::to(nn::time_embedding(t, sinusoids_), x.dtype()))));
    if (classes_ > 0) {
        check(classes.dtype() == i64 && classes.rank() == 1 && classes.size(0) == x.size(0), "ddpm",
              "needs one class for each sample, i64 [B]; got ", describe(classes), " for ",
              describe(x));
        if (classes.device() == cpu)  // on a GPU the kernel checks
            for (double each : classes.to_vector())
                check(each >= 0 && each <= static_cast<double>(classes_), "ddpm",
                      "no such class; got ", each, "; expected 0 to ", classes_ - 1, ", or ",
                      classes_, " for none");
        condition = condition + (*class_embedding_)(classes);
    }
    return predict(x, silu(condition));
}

Denoiser Network::denoiser(Prediction kind) {
    return Denoiser(
        [this](const Tensor& x, const Tensor& t) {
            return forward(x, t,
                           classes_ > 0
                               ? full({x.size(0)}, static_cast<double>(classes_), {i64, x.device()})
                               : Tensor());
        },
        kind, learned_variance_);
}

}  // namespace eps::models::ddpm
