#pragma once
// What the functions of ops check their arguments with. A function names itself once:
//
//     const Checker check("transpose");
//     check.defined(x);
//     check(x.rank() >= 2, "needs matrices [.., m, n]; got ", x.shape());
//     const int d = check.dim(dim, x);
//
// A helper that checks for several functions takes a `const Checker&`.
#include <cstdint>

#include "tensor/numbers.h"
#include "tensor/tensor.h"

namespace eps {

struct Checker {
    const char* op;  // what errors begin with

    constexpr Checker(const char* name) : op(name) {}

    /// Throws unless `condition` holds. The parts are only formatted on failure.
    template <class... Parts> void operator()(bool condition, const Parts&... parts) const {
        eps::check(condition, op, parts...);
    }
    /// Throws the sentence that the parts make.
    template <class... Parts> [[noreturn]] void fail(const Parts&... parts) const {
        eps::fail(op, parts...);
    }

    /// f(), whose errors begin with this op: for functions that are made of others.
    template <class F> auto calling(const F& f) const {
        try {
            return f();
        } catch (const Unavailable&) { throw; } catch (const Error& error) {
            fail(error.sentence());
        }
    }

    void defined(const Tensor& x) const { (*this)(x.defined(), "the tensor is undefined"); }
    template <class... More>
    void defined(const Tensor& first, const Tensor& second, const More&... more) const {
        (*this)(((first.defined() && second.defined()) && ... && more.defined()),
                "an input is an undefined tensor");
    }
    /// Throws unless x is defined and of a dtype that is computed with (not f16 or bf16).
    void computes(const Tensor& x) const {
        defined(x);
        check_computes(op, x);
    }
    /// dim in [-rank, rank) as one of [0, rank).
    int dim(std::int64_t d, const Tensor& x) const { return normalize_dim(d, x.rank(), op); }
    /// The same for a list, ascending and without duplicates; an empty list means all dimensions.
    Dims dims(const Dims& list, const Tensor& x) const {
        return normalize_dims(list, x.rank(), op);
    }
};

}  // namespace eps
