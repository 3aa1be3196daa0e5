// det(a) a^-T divides by what is 0 in a singular matrix, and its derivative is a difference of two
// terms that grow without bound as a comes near one. Here nothing is divided by a small number. A
// border of k rows and columns, orthogonal to what a has plenty of, makes the matrix regular:
//
//         [ a      s x ]                     [ p  q ]
//     m = [ s y^T  0   ]              m^-1 = [ r  w ]
//
// where the columns of x and y [n, k] are the singular vectors of the k smallest singular values of
// a, and s is the largest. They are constants for the derivatives. Jacobi's theorem on
// complementary minors gives
//
//     det a = det m det w
//     d det a / da = det m (det(w) p^T - r^T adj(w)^T q^T)
//
// in which det w, small like det a, and its adjugate are polynomials.
#include "autograd/ops/linalg/cofactors.h"

#include <algorithm>
#include <map>
#include <vector>

#include "autograd/engine.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/indexing/index.h"
#include "autograd/ops/linalg/linalg.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/join.h"
#include "autograd/ops/shape/shape.h"
#include "tensor/create.h"

namespace eps {
namespace {

// Singular values below this share of the largest get a border, and all do where the largest is
// below kTiny, since powers of the inverse must not overflow. The inverse of m then loses three
// digits at most.
constexpr double kSmall = 1e-3, kTiny = 1e-8;

// How wide the border of each matrix is. On a GPU, where reading would wait, it is 2: right for
// matrices of rank n - 2 and above.
std::vector<std::int64_t> border_widths(const Tensor& a) {
    const std::int64_t n = a.size(1);
    const auto count = static_cast<std::size_t>(a.size(0));
    if (a.device().is_cuda()) return std::vector<std::int64_t>(count, std::min<std::int64_t>(n, 2));
    const Tensor values = to(detach(a), f64);
    const Tensor squares = eigh(matmul(values, transpose(values))).eigenvalues;  // [B, n]
    const Tensor largest = narrow(squares, 1, n - 1, 1);
    const Tensor small = le(squares, clamp(largest * (kSmall * kSmall), {.lo = kTiny * kTiny}));
    std::vector<std::int64_t> widths;
    for (const double k : sum(small, {1}).to_vector())
        widths.push_back(std::max<std::int64_t>(1, static_cast<std::int64_t>(k)));
    return widths;
}

// m above, [B, n + k, n + k], without a gradient through its border.
Tensor bordered(const Tensor& a, std::int64_t k) {
    const Tensor values = to(detach(a), f64);  // squares need twice the digits
    const Eigh left = eigh(matmul(values, transpose(values)));
    const Eigh right = eigh(matmul(transpose(values), values));
    const Tensor largest = sqrt(narrow(left.eigenvalues, 1, a.size(1) - 1, 1));
    const Tensor scale = unsqueeze(where(largest > kTiny, largest, ones_like(largest)), 2);
    const Tensor x = to(narrow(left.eigenvectors, 2, 0, k) * scale, a.dtype());
    const Tensor y = to(narrow(right.eigenvectors, 2, 0, k) * scale, a.dtype());
    const Tensor corner = zeros({a.size(0), k, k}, a.options());
    return concat({concat({a, x}, 2), concat({transpose(y), corner}, 2)}, 1);
}

struct Adjugate {
    Tensor matrix;       // [B, k, k]
    Tensor determinant;  // [B, 1, 1]
};

// Faddeev and LeVerrier's recurrence, which divides by small integers only.
Adjugate adjugate(const Tensor& w) {
    const std::int64_t k = w.size(1);
    const Tensor identity = expand(eye(k, w.options()), w.shape());
    Tensor power = identity;
    for (std::int64_t j = 1;; ++j) {
        const Tensor next = matmul(w, power);
        const Tensor share =
            unsqueeze(unsqueeze(trace(next), -1), -1) * (-1.0 / static_cast<double>(j));
        if (j == k) return k % 2 == 0 ? Adjugate{-power, share} : Adjugate{power, -share};
        power = next + share * identity;
    }
}

Tensor cofactors_by_border(const Tensor& a, std::int64_t k) {
    const std::int64_t n = a.size(1);
    const Tensor m = bordered(a, k), inverted = inverse(m);
    const Tensor above = narrow(inverted, 1, 0, n), below = narrow(inverted, 1, n, k);
    const Tensor p = narrow(above, 2, 0, n), q = narrow(above, 2, n, k);
    const Tensor r = narrow(below, 2, 0, n), w = narrow(below, 2, n, k);
    const Adjugate adj = adjugate(w);
    const Tensor transposed = adj.determinant * p - matmul(matmul(q, adj.matrix), r);
    return unsqueeze(unsqueeze(det(m), -1), -1) * transpose(transposed);
}

}  // namespace

Tensor cofactors(const Tensor& a) {
    const std::vector<std::int64_t> widths = border_widths(a);
    std::map<std::int64_t, std::vector<double>> groups;  // the matrices that have a width
    for (std::size_t b = 0; b < widths.size(); ++b)
        groups[widths[b]].push_back(static_cast<double>(b));
    if (groups.size() == 1) return cofactors_by_border(a, widths[0]);
    std::vector<Tensor> parts, orders;
    for (const auto& [k, members] : groups) {
        orders.push_back(
            tensor(members, {static_cast<std::int64_t>(members.size())}, {.dtype = i64}));
        parts.push_back(cofactors_by_border(index_select(a, 0, orders.back()), k));
    }
    return index_select(concat(parts), 0, argsort(concat(orders)));
}

}  // namespace eps
