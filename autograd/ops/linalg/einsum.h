#pragma once
// Sums of products in Einstein's notation.
#include <initializer_list>
#include <span>
#include <string_view>

#include "tensor/tensor.h"

namespace eps {

/// A sum of products in Einstein's notation, as numpy.einsum has it: a letter for each dimension of
/// each operand, and "..." for any number of dimensions that broadcast. Letters that the output
/// does not have are summed over; a letter that an operand has twice takes its diagonal. Without
/// "->", the output has "...", then the letters that occur once, in the order of their codes
/// (capitals first).
///     "bij,bjk->bik"    a batch of products
///     "ii->"            the trace
///     "...ij->...ji"    transposes
///     "i,j,ij->"        a quadratic form
/// Pairs of operands are joined by one matrix product each, the cheapest pair first.
/// Throws unless all operands have one dtype.
Tensor einsum(std::string_view equation, std::span<const Tensor> operands);
inline Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands) {
    return einsum(equation, std::span(operands.begin(), operands.size()));
}

}  // namespace eps
