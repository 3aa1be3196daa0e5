// The calls of the cases of tests/golden/oracle/indexing.py.
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/indexing/index_nd.h"
#include "autograd/ops/indexing/masked.h"
#include "autograd/ops/indexing/search.h"
#include "tests/autograd/pytorch_oracle.h"

namespace eps::test {
namespace {

Combine combine_named(const std::string& name) {
    static const std::map<std::string, Combine> names = {{"sum", Combine::sum},
                                                         {"prod", Combine::prod},
                                                         {"amax", Combine::amax},
                                                         {"amin", Combine::amin},
                                                         {"mean", Combine::mean}};
    return names.at(name);
}

Outputs both(const Sorted& sorted) { return {sorted.values, sorted.indices}; }

}  // namespace

OracleTable indexing_calls() {
    return {
        EPS_CALL("gather", gather(c[0], c.integer("dim"), c[1])),
        EPS_CALL("scatter", scatter(c[0], c.integer("dim"), c[1], c[2])),
        EPS_CALL("scatter_add", scatter_add(c[0], c.integer("dim"), c[1], c[2])),
        EPS_CALL("scatter_reduce",
                 scatter_reduce(c[0], c.integer("dim"), c[1], c[2], combine_named(c.text("how")),
                                c.flag("include_self"))),
        EPS_CALL("index_select", index_select(c[0], c.integer("dim"), c[1])),
        EPS_CALL("index_add", index_add(c[0], c.integer("dim"), c[1], c[2])),
        EPS_CALL("index_copy", index_copy(c[0], c.integer("dim"), c[1], c[2])),
        EPS_CALL("index_put", index_put(c[0], {c[1], c[2]}, c[3], c.flag("accumulate"))),
        EPS_CALL("embedding", embedding(c[0], c[1], c.integer("padding_idx"))),
        EPS_CALL("gather_nd", gather_nd(c[0], c[1], c.integer("batch_dims"))),
        EPS_CALL("scatter_nd", scatter_nd(c[0], c[1], c[2])),
        EPS_CALL("masked_fill", masked_fill(c[0], c[1], c.number("value", 0))),
        EPS_CALL("masked_select", masked_select(c[0], c[1])),
        EPS_CALL("nonzero", nonzero(c[0])),
        EPS_CALL("one_hot", one_hot(c[0], c.integer("classes"))),
        {"unique",
         [](const OracleCall& c) -> Outputs {
             const Unique u = unique(c[0]);
             return {u.values, u.inverse, u.counts};
         }},
        EPS_CALL("searchsorted", searchsorted(c[0], c[1], c.flag("right"))),
        EPS_CALL("bucketize", bucketize(c[0], c[1], c.flag("right"))),
        EPS_CALL("cumsum", cumsum(c[0], c.integer("dim"), c.flag("reverse"))),
        EPS_CALL("cumprod", cumprod(c[0], c.integer("dim"))),
        {"sort",
         [](const OracleCall& c) {
             return both(sort(c[0], c.integer("dim"), c.flag("descending")));
         }},
        EPS_CALL("argsort", argsort(c[0], c.integer("dim"), c.flag("descending"))),
        {"topk",
         [](const OracleCall& c) {
             return both(topk(c[0], c.integer("k"), c.integer("dim"), c.flag("largest")));
         }},
    };
}

}  // namespace eps::test
