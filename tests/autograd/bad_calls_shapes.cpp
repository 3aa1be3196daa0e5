// Bad calls: views, joining, repeating and rearranging.
#include "tests/autograd/bad_calls.h"
#include "varepsilon.h"

namespace eps::test {
namespace {

constexpr std::int64_t huge = std::int64_t{1} << 62;

}  // namespace

void add_bad_calls_shapes(std::vector<BadCall>& calls) {
    static const Tensor a = zeros({4, 3});
    static const Tensor b = zeros({5, 2});
    static const Tensor v = zeros({3});
    static const Tensor scalar = zeros({});
    static const Tensor none;
    static const Tensor empty_row = zeros({2, 0});
    static const Tensor whole = zeros({3}, {.dtype = i64});
    static const Options i64s{.dtype = i64};
    const std::vector<BadCall> table = {
        // Views.
        EPS_THROWS("reshape", reshape(a, {5, 3}), "[4, 3] (12)", "[5, 3] (15)"),
        EPS_THROWS("reshape", reshape(a, {-1, -1}), "only one extent", "[-1, -1]"),
        EPS_THROWS("reshape", reshape(a, {5, -1}), "cannot be inferred", "[5, -1]"),
        EPS_THROWS("reshape", reshape(a, {-2, -6}), "negative extent"),
        EPS_THROWS("reshape", reshape(empty_row, {0, -1}), "cannot be inferred"),
        EPS_THROWS("reshape", reshape(a, {huge, 4, -1}), "overflows",
                   "[4611686018427387904, 4, 1]"),
        EPS_THROWS("flatten", flatten(a, 1, 0), "behind"),
        EPS_THROWS("flatten", flatten(a, 0, 2), "dim 2", "rank 2"),
        EPS_THROWS("permute", permute(a, {0}), "every dimension", "[0]", "[4, 3]"),
        EPS_THROWS("permute", permute(a, {1, -1}), "twice", "[1, -1]"),
        EPS_THROWS("permute", permute(a, {0, 5}), "dim 5", "rank 2"),
        EPS_THROWS("transpose", transpose(v), "dim -2", "rank 1"),
        EPS_THROWS("expand", expand(a, {4, 4}), "[4, 3]", "[4, 4]"),
        EPS_THROWS("expand", expand(a, {3}), "[4, 3]", "[3]"),
        EPS_THROWS("expand", expand(scalar, {2, -1}), "[2, -1]"),
        EPS_THROWS("squeeze", squeeze(a, 0), "extent 4", "[4, 3]"),
        EPS_THROWS("unsqueeze", unsqueeze(a, 4), "dim 4"),
        EPS_THROWS("unsqueeze", unsqueeze(zeros({1, 1, 1, 1, 1, 1, 1, 1}), 0),
                   "too many dimensions", "8"),
        EPS_THROWS("expand", expand(ones({1}), {huge, huge}), "overflows", "4611686018427387904"),
        EPS_THROWS("transpose", transpose(scalar), "rank 0", "there are none"),
        EPS_THROWS("slice", slice(a, 0, 0, 4, 0), "step", "got 0"),
        EPS_THROWS("slice", slice(scalar, 0, 0), "dim 0", "rank 0"),
        EPS_THROWS("narrow", narrow(a, 0, 3, 2), "start 3", "length 2", "[4, 3]"),
        EPS_THROWS("narrow", narrow(a, 0, 1, -1), "length -1"),
        EPS_THROWS("narrow", narrow(a, 0, 0, huge), "outside"),
        EPS_THROWS("select", select(a, 1, 3), "index 3", "extent 3"),
        EPS_THROWS("select", select(a, 1, -4), "index -4"),
        EPS_THROWS("pad", pad(a, {1}, {1, 1}), "[1]", "[4, 3]"),
        EPS_THROWS("pad", pad(a, {0, -1}, {0, 0}), "negative width"),
        EPS_THROWS("pad", pad(v, {INT64_MAX}, {INT64_MAX}), "overflow"),
        EPS_THROWS("slice_backward", slice_backward(a, {4, 5}, 1, 3, 2), "does not fit", "[4, 3]",
                   "[4, 5]"),
        EPS_THROWS("diagonal", diagonal(v), "two dimensions", "[3]"),
        EPS_THROWS("diagonal", diagonal(a, 0, 1, -1), "different", "1 and -1", "[4, 3]"),
        EPS_THROWS("diagonal", diagonal(a, 4), "outside", "got 4", "-4 to 3", "[4, 3]"),
        EPS_THROWS("diagonal", diagonal(none), "undefined"),
        EPS_THROWS("diagonal_backward", diagonal_backward(v, {4, 5}), "does not fit", "[3]",
                   "expected [4]", "[4, 5]"),
        EPS_THROWS("contiguous", contiguous(none), "undefined"),
        // Joining.
        EPS_THROWS("concat", concat({a, b}), "tensor 1", "[5, 2]", "[4, 3]"),
        EPS_THROWS("concat", concat({a, v}), "[3]", "[4, 3]"),
        EPS_THROWS("concat", concat(std::span<const Tensor>()), "nothing to join"),
        EPS_THROWS("concat", concat({scalar, scalar}), "rank 0"),
        EPS_THROWS("concat", concat({a, none}), "undefined"),
        EPS_THROWS("stack", stack({a, v}), "[3]", "[4, 3]"),
        EPS_THROWS("stack", stack({none}), "undefined"),
        EPS_THROWS("split", split(a, 0), "at least 1"),
        EPS_THROWS("split", split(a, {1, 2}), "do not add up", "1 are left over of 4"),
        EPS_THROWS("split", split(a, {5, -1}), "got 5 with 4 left", "dim 0"),
        EPS_THROWS("split", split(a, 2, 7), "dim 7", "rank 2"),
        // Repeating.
        EPS_THROWS("tile", tile(a, {2, -1}), "negative", "[2, -1]"),
        EPS_THROWS("repeat_interleave", repeat_interleave(a, -1), "negative", "-1"),
        EPS_THROWS("repeat_interleave", repeat_interleave(a, whole), "i64 [3]", "i64 [4]"),
        EPS_THROWS("repeat_interleave", repeat_interleave(a, huge), "overflows"),
        EPS_THROWS("repeat_interleave", repeat_interleave(a, full({4}, 0x1p62, {.dtype = i64})),
                   "overflows"),
        EPS_THROWS("repeat_interleave", repeat_interleave(v, tensor({0x1p62, 0x1p62, 5}, {}, i64s)),
                   "overflows"),
        EPS_THROWS("tile", tile(a, {huge, 1}), "overflows"),
        EPS_THROWS("tile", tile(a, {huge / 3, huge / 3}), "overflows"),
        EPS_THROWS("unfold", unfold(expand(scalar, {1 << 20}), 0, 1 << 15, 1), "too large"),
        EPS_THROWS("pad", pad(v, {huge}, {huge}, PadMode::replicate), "too large"),
        EPS_THROWS("pad", pad(whole, {1}, {1}, 0.5), "fractional", "0.5", "i64"),
        EPS_THROWS("pad", pad(zeros({2}, {.dtype = u8}), {1}, {1}, 300), "beyond the range"),
        EPS_THROWS("meshgrid", meshgrid({expand(scalar, {huge}), expand(scalar, {huge})}),
                   "overflows"),
        EPS_THROWS("slice_backward", slice_backward(v, {5}, 0, 1, INT64_MAX), "does not fit"),
        EPS_THROWS("repeat_interleave", repeat_interleave(v, full({3}, -2, {.dtype = i64})),
                   "negative", "-2"),
        EPS_THROWS("meshgrid", meshgrid({v, a}), "rank 1", "f32 [4, 3]"),
        // Rearranging.
        EPS_THROWS("flip", flip(a, {2}), "dim 2", "rank 2"),
        EPS_THROWS("flip", flip(none, {0}), "undefined"),
        EPS_THROWS("roll", roll(a, {1, 2}, {0}), "one shift for each dim"),
        EPS_THROWS("pad", pad(a, {4, 0}, {0, 0}, PadMode::reflect), "not enough to repeat",
                   "[4, 0]", "[4, 3]"),
        EPS_THROWS("pad", pad(a, {0, 0}, {0, 4}, PadMode::circular), "not enough to repeat"),
        EPS_THROWS("pad", pad(empty_row, {0, 1}, {0, 0}, PadMode::replicate),
                   "not enough to repeat"),
        EPS_THROWS("pad", pad(a, {-1, 0}, {0, 0}, PadMode::replicate), "negative width"),
        EPS_THROWS("pad", pad(a, {huge, 0}, {0, 0}, PadMode::replicate), "too large"),
        EPS_THROWS("pad", pad(a, {1}, {1}, PadMode::reflect), "one width a dimension"),
        EPS_THROWS("pixel_shuffle", pixel_shuffle(zeros({1, 6, 2, 2}), 2), "no multiple",
                   "[1, 6, 2, 2]"),
        EPS_THROWS("pixel_shuffle", pixel_shuffle(zeros({1, 4, 2, 2}), 0), "factor 0"),
        EPS_THROWS("pixel_unshuffle", pixel_unshuffle(zeros({1, 4, 3, 2}), 2), "does not divide",
                   "[1, 4, 3, 2]"),
        EPS_THROWS("tril", tril(v), "matrices", "[3]"),
        EPS_THROWS("triu", triu(none), "undefined"),
    };
    calls.insert(calls.end(), table.begin(), table.end());
}

}  // namespace eps::test
