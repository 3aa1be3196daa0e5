// The autograd members of Tensor, declared in tensor/tensor.h.
#include "autograd/grad_mode.h"
#include "autograd/node.h"

namespace eps {

Tensor& Tensor::requires_grad_(bool required) {
    check(defined(), "requires_grad_", "the tensor is undefined");
    check(is_real(dtype()), "requires_grad_", "only f32 and f64 tensors have gradients; got ",
          describe(*this));
    check(is_leaf(), "requires_grad_",
          "this tensor was computed from others; hint: detach() it to start a new leaf");
    if (!required)
        impl_->meta = {};
    else if (!impl_->meta)
        impl_->meta = Ref<AutogradMeta>(new LeafNode(*impl_));
    return *this;
}

void Tensor::check_writable(const char* op) const {
    check(!requires_grad() || !grad_enabled(), op,
          "cannot write into a tensor that requires a gradient while gradients are recorded; got ",
          describe(*this), "; hint: open a NoGrad scope");
}

bool Tensor::is_leaf() const {
    return !get().meta || dynamic_cast<LeafNode*>(get().meta.get()) != nullptr;
}

Tensor Tensor::grad() const {
    const auto* leaf = dynamic_cast<LeafNode*>(get().meta.get());
    return leaf ? leaf->gradient() : Tensor();
}

void Tensor::set_grad(const Tensor& gradient) const {
    check(defined(), "set_grad", "the tensor is undefined");
    auto* leaf = dynamic_cast<LeafNode*>(impl_->meta.get());
    check(leaf != nullptr, "set_grad", "not a leaf that requires a gradient; got ",
          describe(*this));
    check(!gradient.defined() || (gradient.shape() == shape() && gradient.dtype() == dtype()),
          "set_grad", "the gradient does not match; got ", describe(gradient), "; expected ",
          describe(*this));
    leaf->set_gradient(gradient);
}

}  // namespace eps
