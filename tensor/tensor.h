#pragma once
// Tensor: a handle to {storage, offset, shape, strides, dtype}. Copying a handle shares the tensor.
// Operations are free functions in autograd/ops.
//
// Gradients are attached upstairs: in tensor/ they are one opaque pointer, TensorImpl::meta. Two
// groups of members, indexing and gradients, are declared here so that `x[i]` and `x.grad()` read
// as in PyTorch, and are defined in autograd/.
#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "tensor/dtype.h"
#include "tensor/error.h"
#include "tensor/exact_number.h"
#include "tensor/ref.h"
#include "tensor/shape.h"
#include "tensor/storage.h"

namespace eps {

/// What autograd attaches to a tensor (autograd/node.h): the node that computed it or, for a leaf,
/// the accumulator of its gradient.
class AutogradMeta : public RefCounted {};

struct TensorImpl final : RefCounted {
    Ref<Storage> storage;
    std::int64_t offset = 0;  // in elements
    Shape shape;
    Strides strides;  // in elements
    DType dtype = f32;
    Ref<AutogradMeta> meta;  // null unless the tensor requires a gradient
};

/// The dtype and device of a new tensor: `zeros({2, 3}, {.dtype = f64})`.
struct Options {
    DType dtype = f32;
    Device device = cpu;
};

/// A range of one dimension, by Python's rules: elements begin, begin + step, ... below end.
/// Negative bounds count from the end of the dimension, and bounds beyond it are cut off.
struct Slice {
    std::int64_t begin = 0;
    std::int64_t end = INT64_MAX;
    std::int64_t step = 1;  // at least 1
};
/// What Tensor::operator[] takes for one dimension: a position, or a Slice.
struct Index {
    Index(std::int64_t i) : position(i), selects(true) {}
    Index(const Slice& s) : range(s), selects(false) {}
    std::int64_t position = 0;
    Slice range = {};
    bool selects;  // one position, not a range
};

class Tensor {
public:
    /// An undefined tensor: defined() is false, and every other accessor throws.
    Tensor() = default;
    /// A rank-0 tensor on the CPU: `Tensor(0.5)`.
    explicit Tensor(Number value, Options options = {});
    Tensor(const Tensor&) = default;
    Tensor(Tensor&&) = default;
    // Assignment needs a variable: `x[0] = y` would rebind a temporary, so it does not compile.
    Tensor& operator=(const Tensor&) & = default;
    Tensor& operator=(Tensor&&) & = default;

    bool defined() const { return static_cast<bool>(impl_); }
    const Shape& shape() const { return get().shape; }
    const Strides& strides() const { return get().strides; }
    std::int64_t size(std::int64_t dim) const {
        return shape()[normalize_dim(dim, rank(), "size")];
    }
    int rank() const { return get().shape.rank(); }
    std::int64_t numel() const { return eps::numel(get().shape); }
    DType dtype() const { return get().dtype; }
    Device device() const { return get().storage->device(); }
    Options options() const { return {dtype(), device()}; }
    std::int64_t offset() const { return get().offset; }
    Storage& storage() const { return *get().storage; }
    bool is_contiguous() const;

    /// A pointer to the first element. Throws unless T is the dtype and the memory is the host's.
    template <class T> T* data() const {
        check_host_access(dtype_of<T>);
        return static_cast<T*>(get().storage->data()) + get().offset;
    }
    /// A pointer to the first byte, in the device's memory.
    void* raw_data() const {
        return static_cast<char*>(get().storage->data()) +
               static_cast<std::size_t>(get().offset) * size_of(dtype());
    }
    /// The value of a one-element tensor.
    double item() const;
    /// All elements in row-major order, converted to double.
    std::vector<double> to_vector() const;

    /// A view of the same storage: nothing is copied or recorded.
    /// Throws unless strides are at least 0 and every element lies inside the storage.
    Tensor as_strided(const Shape& shape, const Strides& strides, std::int64_t offset) const;

    /// Overwrites the elements with those of `source`, broadcast and converted. This counts as a
    /// write (Storage::version). Where the two overlap, the source is read before it is
    /// overwritten. Throws if this tensor overlaps itself (tensor/overlap.h), as an expanded one
    /// does, and, while gradients are recorded, if it requires one.
    Tensor& copy_(const Tensor& source);
    /// Overwrites every element; otherwise as copy_. Integers take whole numbers only.
    Tensor& fill_(Number value);
    Tensor& zero_() { return fill_(0); }

    // Indexing, defined in autograd/ops/shape/subscript.cpp.

    /// Differentiable views that start with the first dimension. A position drops its dimension,
    /// negative ones count from the end; a Slice keeps it.
    ///     x[i]    x[{i, j}]    x[Slice{1, 3}]    x[{Slice{}, j}]    x[Slice{.step = 2}]
    /// Throws on too many indices and on positions outside of the tensor.
    Tensor operator[](const Index& index) const { return (*this)[{index}]; }
    Tensor operator[](std::initializer_list<Index> indices) const;

    // Gradients, defined in autograd/leaf.cpp.

    /// Makes this tensor a leaf: backward() accumulates d(loss)/d(this) into grad().
    Tensor& requires_grad_(bool required = true);
    bool requires_grad() const { return get().meta.get() != nullptr; }
    /// Whether no recorded operation computed this tensor.
    bool is_leaf() const;
    /// The accumulated gradient of a leaf; undefined before the first backward().
    Tensor grad() const;
    void set_grad(const Tensor& gradient) const;

    TensorImpl* impl() const { return impl_.get(); }
    static Tensor from_impl(Ref<TensorImpl> impl);
    bool same_as(const Tensor& other) const { return impl_ == other.impl_; }

private:
    const TensorImpl& get() const {
        if (!impl_) [[unlikely]]
            throw_undefined();
        return *impl_;
    }
    [[noreturn]] static void throw_undefined();
    void check_host_access(DType wanted) const;
    // Throws if a gradient is required while gradients are recorded (autograd/leaf.cpp).
    void check_writable(const char* op) const;
    Ref<TensorImpl> impl_;
};

/// Tensors by dotted name, in order: "encoder.0.weight". Modules, checkpoints and safetensors files
/// exchange these.
using NamedTensors = std::vector<std::pair<std::string, Tensor>>;

/// An uninitialised row-major tensor.
Tensor empty(const Shape& shape, Options options = {});
/// An uninitialised tensor with these strides.
/// Throws unless they lay out numel(shape) elements densely, in some order of the dimensions.
Tensor empty_strided(const Shape& shape, const Strides& strides, Options options = {});

/// dtype, shape and device of x for error messages: "f32 [2, 3]". The text is built only when the
/// message is.
struct Description {
    const Tensor& x;
    std::string to_string() const;
};
inline Description describe(const Tensor& x) { return {x}; }
/// The elements as NumPy prints them. tensor/print.h has options and operator<<.
std::string to_string(const Tensor& x);

}  // namespace eps
