// The calls of the cases of tests/golden/oracle/shapes.py: views, joining, rearranging, reductions,
// norms and compositions of elements.
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/elementwise/composed_functions.h"
#include "autograd/ops/reduction/norms.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/rearrange.h"
#include "autograd/ops/shape/repeat.h"
#include "autograd/ops/shape/shape.h"
#include "autograd/ops/shape/windows.h"
#include "tests/autograd/pytorch_oracle.h"

namespace eps::test {
namespace {

DType dtype_named(const std::string& name) {
    return name == "f32" ? f32 : name == "i64" ? i64 : boolean;
}

Tensor padded(const OracleCall& c) {
    const Dims before = c.dims("before"), after = c.dims("after");
    if (!c.has("mode")) return pad(c[0], before, after, c.number("value", 0));
    const std::string& mode = c.text("mode");
    return pad(c[0], before, after,
               mode == "reflect"     ? PadMode::reflect
               : mode == "replicate" ? PadMode::replicate
                                     : PadMode::circular);
}

std::vector<std::int64_t> sizes_of(const Dims& dims) { return {dims.begin(), dims.end()}; }

using Reduction = Tensor (*)(const Tensor& x, const Dims& dims, bool keepdim);
Outputs reduced(const OracleCall& c, Reduction f) {
    return {f(c[0], c.dims("dims"), c.flag("keepdim"))};
}
using Spread = Tensor (*)(const Tensor& x, const Dims& dims, bool keepdim, double correction);
Outputs spread(const OracleCall& c, Spread f) {
    return {f(c[0], c.dims("dims"), c.flag("keepdim"), c.number("correction", 1))};
}

}  // namespace

OracleTable shape_calls() {
    return {
        EPS_CALL("reshape", reshape(c[0], c.dims("shape"))),
        EPS_CALL("flatten", flatten(c[0], c.integer("start"), c.integer("end"))),
        EPS_CALL("permute", permute(c[0], c.dims("dims"))),
        EPS_CALL("transpose", transpose(c[0], c.integer("dim0"), c.integer("dim1"))),
        EPS_CALL("expand", expand(c[0], c.dims("shape"))),
        EPS_CALL("squeeze", squeeze(c[0], c.integer("dim"))),
        EPS_CALL("unsqueeze", unsqueeze(c[0], c.integer("dim"))),
        EPS_CALL("slice", slice(c[0], c.integer("dim"), c.integer("start"), c.integer("end"),
                                c.integer("step"))),
        EPS_CALL("narrow", narrow(c[0], c.integer("dim"), c.integer("start"), c.integer("length"))),
        EPS_CALL("select", select(c[0], c.integer("dim"), c.integer("index"))),
        EPS_CALL("diagonal",
                 diagonal(c[0], c.integer("offset"), c.integer("dim0"), c.integer("dim1"))),
        EPS_CALL("contiguous", contiguous(c[0])),
        EPS_CALL("clone", clone(c[0])),
        EPS_CALL("to", to(c[0], dtype_named(c.text("dtype")))),
        EPS_CALL("slice_backward", slice_backward(c[0], c.dims("shape"), c.integer("dim"),
                                                  c.integer("start"), c.integer("step"))),
        EPS_CALL("diagonal_backward", diagonal_backward(c[0], c.dims("shape"), c.integer("offset"),
                                                        c.integer("dim0"), c.integer("dim1"))),
        EPS_CALL("concat", concat(c.inputs, c.integer("dim"))),
        EPS_CALL("stack", stack(c.inputs, c.integer("dim"))),
        {"split",
         [](const OracleCall& c) -> Outputs {
             if (c.has("size")) return split(c[0], c.integer("size"), c.integer("dim"));
             return split(c[0], sizes_of(c.dims("sizes")), c.integer("dim"));
         }},
        EPS_CALL("tile", tile(c[0], c.dims("reps"))),
        EPS_CALL("repeat_interleave",
                 repeat_interleave(c[0], c.integer("repeats"), c.integer("dim"))),
        {"meshgrid", [](const OracleCall& c) -> Outputs { return meshgrid(c.inputs); }},
        EPS_CALL("flip", flip(c[0], c.dims("dims"))),
        EPS_CALL("roll", roll(c[0], c.dims("shifts"), c.dims("dims"))),
        EPS_CALL("pixel_shuffle", pixel_shuffle(c[0], c.integer("factor"))),
        EPS_CALL("pixel_unshuffle", pixel_unshuffle(c[0], c.integer("factor"))),
        EPS_CALL("tril", tril(c[0], c.integer("diagonal"))),
        EPS_CALL("triu", triu(c[0], c.integer("diagonal"))),
        EPS_CALL("pad", padded(c)),
    };
}

OracleTable reduction_calls() {
    return {
        {"sum", [](const OracleCall& c) { return reduced(c, sum); }},
        {"mean", [](const OracleCall& c) { return reduced(c, mean); }},
        {"max", [](const OracleCall& c) { return reduced(c, max); }},
        {"min", [](const OracleCall& c) { return reduced(c, min); }},
        {"prod", [](const OracleCall& c) { return reduced(c, prod); }},
        {"logsumexp", [](const OracleCall& c) { return reduced(c, logsumexp); }},
        {"var", [](const OracleCall& c) { return spread(c, var); }},
        {"stddev", [](const OracleCall& c) { return spread(c, stddev); }},
        EPS_CALL("sum_to", sum_to(c[0], c.dims("shape"))),
        EPS_CALL("argmax", argmax(c[0], c.integer("dim"), c.flag("keepdim"))),
        EPS_CALL("argmin", argmin(c[0], c.integer("dim"), c.flag("keepdim"))),
        EPS_CALL("any", any(c[0] > c.number("greater", 0), c.dims("dims"), c.flag("keepdim"))),
        EPS_CALL("all", all(c[0] > c.number("greater", 0), c.dims("dims"), c.flag("keepdim"))),
        EPS_CALL("norm", norm(c[0], c.number("p", 2), c.dims("dims"), c.flag("keepdim"))),
        EPS_CALL("normalize",
                 normalize(c[0], c.number("p", 2), c.integer("dim"), c.number("epsilon", 1e-12))),
        EPS_CALL("cdist", cdist(c[0], c[1], c.number("p", 2))),
        EPS_CALL("logit", logit(c[0], c.number("epsilon", 0))),
        EPS_CALL("nan_to_num", nan_to_num(c[0], {.nan = c.number("nan", 0),
                                                 .posinf = c.number("posinf", 0),
                                                 .neginf = c.number("neginf", 0)})),
        EPS_CALL("div",
                 div(c[0], c[1],
                     c.text("rounding") == "floor" ? RoundingMode::floor : RoundingMode::trunc)),
        EPS_CALL("clamp", clamp(c[0], c[1], c[2])),
        EPS_CALL("softplus", softplus(c[0], c.number("beta", 1))),
    };
}

}  // namespace eps::test
