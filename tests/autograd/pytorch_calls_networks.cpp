// The calls of the cases of tests/golden/oracle/networks.py: normalisation, softmax, attention.
#include "autograd/engine.h"
#include "autograd/ops/norm/attention.h"
#include "autograd/ops/norm/norm.h"
#include "autograd/ops/norm/rotary.h"
#include "autograd/ops/norm/softmax.h"
#include "tests/autograd/pytorch_oracle.h"

namespace eps::test {
namespace {

AttentionArguments attention(const OracleCall& c, const Tensor& mask) {
    AttentionArguments arguments{.mask = mask, .causal = c.flag("causal")};
    if (c.has("scale")) arguments.scale = c.number("scale", 1);
    arguments.softcap = c.number("softcap", 0);
    return arguments;
}

// Running statistics have no gradient.
Tensor constant(const Tensor& x) { return x.defined() ? detach(x) : x; }

}  // namespace

OracleTable network_calls() {
    return {
        EPS_CALL("group_norm",
                 group_norm(c[0], c.integer("groups"), c[1], c[2], c.number("epsilon", 1e-5))),
        EPS_CALL("instance_norm", instance_norm(c[0], c[1], c[2])),
        EPS_CALL("batch_norm", batch_norm(c[0], constant(c[3]), constant(c[4]), c[1], c[2],
                                          {.training = c.flag("training")})),
        EPS_CALL("layer_norm",
                 layer_norm(c[0], c.dims("shape"), c[1], c[2], c.number("epsilon", 1e-5))),
        EPS_CALL("rms_norm", rms_norm(c[0], c.dims("shape"), c[1], c.number("epsilon", 1e-6))),
        EPS_CALL("local_response_norm",
                 local_response_norm(c[0], c.integer("size"), c.number("alpha", 1e-4),
                                     c.number("beta", 0.75), c.number("k", 1))),
        EPS_CALL("softmax", softmax(c[0], c.integer("dim"))),
        EPS_CALL("log_softmax", log_softmax(c[0], c.integer("dim"))),
        EPS_CALL("scaled_dot_product_attention",
                 scaled_dot_product_attention(c[0], c[1], c[2], attention(c, c[3]))),
        EPS_CALL("attention_weights", attention_weights(c[0], c[1], attention(c, {}))),
        EPS_CALL("rotary_embedding", rotary_embedding(c[0], c[1], c[2], c.flag("interleaved"))),
        {"rotary_table",
         [](const OracleCall& c) -> Outputs {
             const RotaryTable t = rotary_table(c[0], c.integer("width"), c.number("base", 10000));
             return {t.cos, t.sin};
         }},
    };
}

}  // namespace eps::test
