// Every entry of every pointwise op, CPU against CUDA. The list of ops is the library's own: a new
// op is tested by being listed.
#include <array>

#include "autograd/record_pointwise.h"
#include "tests/cuda/twins.h"

using namespace eps;
using namespace eps::test;

namespace {

constexpr int kMaxInputs = 4;

/// Shape and layouts of one comparison: input j has layout j mod 3.
struct Case {
    const char* name;
    Shape shape;
    std::array<Memory, 3> layouts;
    Memory out;
};
const Case kCases[] = {
    {"flat",
     {4, 6, 8},
     {Memory::row_major, Memory::row_major, Memory::row_major},
     Memory::row_major},
    {"misaligned",
     {4, 6, 8},
     {Memory::shifted, Memory::row_major, Memory::shifted},
     Memory::row_major},
    {"odd count",
     {3, 5, 7},
     {Memory::row_major, Memory::row_major, Memory::row_major},
     Memory::row_major},
    {"channels last",
     {4, 6, 8},
     {Memory::reversed, Memory::reversed, Memory::reversed},
     Memory::reversed},
    {"mixed strides",
     {4, 6, 8},
     {Memory::reversed, Memory::repeated, Memory::sliced},
     Memory::row_major},
    {"strided out",
     {4, 6, 8},
     {Memory::row_major, Memory::sliced, Memory::repeated},
     Memory::sliced},
    {"one element", {}, {Memory::row_major, Memory::shifted, Memory::row_major}, Memory::row_major},
};

// Attributes of every op are doubles: these are in the domain of all of them, and ordered, for
// clamps.
const std::array<double, kMaxAttributeBytes / sizeof(double)> kAttributes{0.5, 1.5, 2.5, 3.5};

/// Polynomials and fused multiply-adds differ between the devices; integers agree exactly.
double rounding(DType dtype) {
    if (!is_floating(dtype)) return 0;
    return dtype == f32 ? 1e-4 : 1e-9;
}

// Numbers on both sides of 1, where domains begin and end, and away from 0 and the kinks.
Twin input(const Shape& shape, Memory layout, DType dtype, bool beyond_one) {
    if (!is_floating(dtype))
        return random_twin(shape, layout, dtype, 0, dtype == DType::boolean ? 2 : 5, dtype == i64);
    return beyond_one ? random_twin(shape, layout, dtype, 1.25, 2.5)
                      : random_twin(shape, layout, dtype, 0.25, 0.9, true);
}

void compare_entry(const PointwiseOp& op, int number, DType dtype, const Case& c, bool beyond_one,
                   DType foreign) {
    const Entry& entry = op.entries[static_cast<std::size_t>(number)];
    const DType out_dtype = op.kind == PointwiseKind::predicate ? DType::boolean : dtype;
    Twin out = random_twin(c.shape, c.out, out_dtype, 0, 2);
    const Twin g = input(c.shape, c.layouts[0], dtype, false);
    std::array<Tensor, kMaxInputs> host, device;
    for (int j = 0; j < op.arity; ++j) {
        const auto at = static_cast<std::size_t>(j);
        const Twin x =
            input(c.shape, c.layouts[at % 3], j + 1 == op.arity ? foreign : dtype, beyond_one);
        if (!(entry.reads >> j & 1u)) continue;
        host[at] = x.host;
        device[at] = x.device;
    }
    const bool has_g = entry.index.order > 0;
    op.cpu_kernel(kAttributes.data(), number, {out.host, has_g ? g.host : Tensor(), host.data()});
    op.cuda_kernel(kAttributes.data(), number,
                   {out.device, has_g ? g.device : Tensor(), device.data()});
    INFO(op.name, " entry ", number, " ", name_of(dtype), ", last input ", name_of(foreign), ", ",
         c.name, beyond_one ? ", beyond one" : "");
    CHECK(difference(out) <= rounding(dtype));
}

void compare_op(const PointwiseOp& op) {
    REQUIRE(op.attribute_bytes <= sizeof(kAttributes));
    for (int number = 0; number < static_cast<int>(op.entries.size()); ++number) {
        const Entry& entry = op.entries[static_cast<std::size_t>(number)];
        if (number > 0 && entry.kind != Entry::Kind::other) continue;
        for (DType dtype : {DType::u8, DType::i64, DType::f32, DType::f64}) {
            if (!is_floating(dtype) && (op.kind == PointwiseKind::floating || number > 0)) continue;
            for (const Case& c : kCases)
                for (bool beyond_one : {false, true})
                    compare_entry(op, number, dtype, c, beyond_one, dtype);
            if (number == 0) {  // lower dtypes mixed in: converted on the way
                compare_entry(op, number, dtype, kCases[0], true, DType::boolean);
                compare_entry(op, number, dtype, kCases[4], true, DType::u8);
            }
        }
    }
}

}  // namespace

TEST_CASE("cuda: every entry of every pointwise op equals the CPU's") {
    if (no_gpu()) return;
    for (const PointwiseOp* op : all_pointwise_ops()) {
        compare_op(*op);
        if (op->derivative_from_output) compare_op(*op->derivative_from_output);
    }
}

TEST_CASE("cuda: a pointwise op may write into one of its inputs") {
    if (no_gpu()) return;
    for (const PointwiseOp* op : all_pointwise_ops()) {
        if (op->kind != PointwiseKind::floating || op->arity != 2) continue;
        Twin x = random_twin({4, 6, 8}, Memory::row_major, f32, 0.25, 0.9);
        const Twin y = random_twin({4, 6, 8}, Memory::repeated, f32, 0.25, 0.9);
        const Tensor host[] = {x.host, y.host}, device[] = {x.device, y.device};
        op->cpu_kernel(kAttributes.data(), 0, {x.host, Tensor(), host});
        op->cuda_kernel(kAttributes.data(), 0, {x.device, Tensor(), device});
        INFO(op->name);
        CHECK(difference(x) <= rounding(f32));
    }
}
