// Writes into views of one storage, some of which overlap, against a list of numbers and the
// offsets of each view.
#include <set>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"
#include "tensor/overlap.h"
#include "tests/fuzz/draws.h"
#include "tests/fuzz/naive.h"

namespace eps::fuzz {
namespace {

constexpr std::int64_t kNumbers = 40;

// A view, and for each of its elements in row-major order the place in the storage.
struct View {
    Tensor tensor;
    Shape shape;
    std::vector<std::int64_t> places;
};

std::vector<std::int64_t> places_of(const Shape& shape, const Strides& strides,
                                    std::int64_t offset) {
    std::vector<std::int64_t> places;
    for_each_index(shape, [&](const Shape& i) {
        std::int64_t place = offset;
        for (int d = 0; d < shape.rank(); ++d) place += i[d] * strides[d];
        places.push_back(place);
    });
    return places;
}

bool overlaps_itself(const View& view) {
    return std::set(view.places.begin(), view.places.end()).size() < view.places.size();
}

class Memory {
public:
    Memory(Draws& choices, DType dtype)
        : draws_(choices), base_(arange(0, kNumbers, 1, {.dtype = dtype})) {
        for (std::int64_t i = 0; i < kNumbers; ++i) numbers_.push_back(static_cast<double>(i));
    }

    void step() {
        const View target = view();
        switch (draws_.below(4)) {
            case 0: fill(target); break;
            case 1: copy(target, view()); break;
            case 2: copy_transposed(target); break;
            default: read(target);
        }
        require(base_.to_vector() == numbers_, "views: the memory holds other numbers");
    }

private:
    // Any shape, strides and offset. What does not lie inside of the storage must throw.
    View view() {
        for (;;) {
            Shape shape;
            Strides strides;
            for (std::int64_t rank = draws_.below(4); rank > 0; --rank) {
                shape.push_back(draws_.below(5));
                strides.push_back(draws_.between(-1, 9));
            }
            const std::int64_t offset = draws_.between(-1, kNumbers + 1);
            const std::vector<std::int64_t> places = places_of(shape, strides, offset);
            bool inside = true;
            for (std::int64_t place : places) inside = inside && place >= 0 && place < kNumbers;
            for (std::int64_t stride : strides) inside = inside && stride >= 0;
            View out{{}, shape, places};
            const bool made = reads([&] { out.tensor = base_.as_strided(shape, strides, offset); });
            if (!places.empty())
                require(made == inside, "views: as_strided " + str(shape, strides));
            if (made) return out;
            if (draws_.empty()) return {base_, base_.shape(), places_of({kNumbers}, {1}, 0)};
        }
    }

    void fill(const View& to) {
        const double value = static_cast<double>(draws_.below(100));
        Tensor x = to.tensor;
        const bool done = reads([&] { x.fill_(value); });
        check_refusal(to, done, "fill_");
        if (!done) return;
        for (std::int64_t place : to.places) at(place) = value;
    }

    void copy(const View& to, const View& from) {
        Tensor x = to.tensor;
        const bool done = reads([&] { x.copy_(from.tensor); });
        if (!broadcasts_to(from.shape, to.shape)) {
            require(!done, "views: copy_ took a shape that does not broadcast");
            return;
        }
        check_refusal(to, done, "copy_");
        if (done) write(to, from);
    }

    // Into its own transpose: source and target are the same elements in another order.
    void copy_transposed(const View& to) {
        if (to.shape.rank() < 2) return;
        View from = to;
        const int last = to.shape.rank() - 1;
        from.tensor = transpose(to.tensor, 0, last);
        std::swap(from.shape[0], from.shape[last]);
        from.places.clear();
        for_each_index(from.shape, [&](Shape i) {
            std::swap(i[0], i[last]);
            from.places.push_back(to.places[Naive{to.shape, {}}.place(i)]);
        });
        copy(to, from);
    }

    void read(const View& from) {
        if (from.tensor.dtype() != f16) {  // which is stored only
            const std::vector<double> sums = (from.tensor + from.tensor).to_vector();
            for (std::size_t i = 0; i < from.places.size(); ++i)
                require(sums[i] == 2 * at(from.places[i]), "views: x + x reads other elements");
        }
        require(clone(from.tensor).to_vector() == from.tensor.to_vector(), "views: clone differs");
    }

    // As if the source was read before the first write.
    void write(const View& to, const View& from) {
        const std::vector<double> before = numbers_;
        std::size_t next = 0;
        for_each_index(to.shape, [&](const Shape& i) {
            Shape own;
            for (int d = 0; d < from.shape.rank(); ++d)
                own.push_back(from.shape[d] == 1 ? 0 : i[i.rank() - from.shape.rank() + d]);
            const std::int64_t place = from.places[Naive{from.shape, {}}.place(own)];
            at(to.places[next++]) = before[static_cast<std::size_t>(place)];
        });
    }

    // A target that overlaps itself must be refused, and no other, except those whose three
    // dimensions interleave.
    void check_refusal(const View& to, bool done, const char* op) {
        const std::string view = str(op, " of a view ", to.shape, to.tensor.strides());
        if (overlaps_itself(to)) require(!done, "views: not refused: " + view);
        if (to.shape.rank() < 3 && !overlaps_itself(to)) require(done, "views: refused: " + view);
    }

    double& at(std::int64_t place) { return numbers_[static_cast<std::size_t>(place)]; }

    Draws& draws_;
    Tensor base_;
    std::vector<double> numbers_;
};

}  // namespace

void fuzz_views(Bytes bytes) {
    const NoGrad guard;
    Draws draws(bytes);
    const DType dtypes[] = {f32, f64, i64, u8, f16};
    Memory memory(draws, draws.pick(dtypes));
    for (int steps = 0; steps < 20 && !draws.empty(); ++steps) memory.step();
}

}  // namespace eps::fuzz
