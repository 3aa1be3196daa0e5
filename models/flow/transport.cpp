#include "models/flow/transport.h"

#include <cmath>
#include <limits>
#include <vector>

#include "autograd/grad_mode.h"
#include "autograd/ops/elementwise/arithmetic.h"
#include "autograd/ops/elementwise/cast.h"
#include "autograd/ops/linalg/matmul.h"
#include "autograd/ops/reduction/reduce.h"
#include "autograd/ops/shape/shape.h"
#include "models/bijector.h"
#include "tensor/create.h"

namespace eps::models::flow {
namespace {

// |a_i - b_j|^2 in row i, column j, in f64.
std::vector<double> squared_distances(const Tensor& a, const Tensor& b) {
    const Tensor x = to(a, f64), y = to(b, f64);
    return (unsqueeze(sum(square(x), {1}), 1) + sum(square(y), {1}) - 2.0 * matmul(x, transpose(y)))
        .to_vector();
}

// The column assigned to each row, at least total cost [n, n]. Each row is added by a shortest
// augmenting path (Dijkstra's algorithm), on costs that the prices of rows and columns keep
// non-negative. Rows and columns count from 1; column 0 stands for "none".
std::vector<std::size_t> assignment(const std::vector<double>& cost, std::size_t n) {
    constexpr double far = std::numeric_limits<double>::infinity();
    std::vector<double> row_price(n + 1), column_price(n + 1);
    std::vector<std::size_t> row_of(n + 1), came_from(n + 1);
    for (std::size_t row = 1; row <= n; ++row) {
        std::vector<double> distance(n + 1, far);
        std::vector<bool> done(n + 1);
        std::size_t column = 0;
        row_of[0] = row;
        while (row_of[column] != 0) {
            done[column] = true;
            const std::size_t here = row_of[column];
            std::size_t nearest = 0;
            double step = far;
            for (std::size_t j = 1; j <= n; ++j) {
                if (done[j]) continue;
                const double reduced =
                    cost[(here - 1) * n + j - 1] - row_price[here] - column_price[j];
                if (reduced < distance[j]) {
                    distance[j] = reduced;
                    came_from[j] = column;
                }
                if (distance[j] < step) {
                    step = distance[j];
                    nearest = j;
                }
            }
            for (std::size_t j = 0; j <= n; ++j) {
                if (done[j]) {
                    row_price[row_of[j]] += step;
                    column_price[j] -= step;
                } else {
                    distance[j] -= step;
                }
            }
            column = nearest;
        }
        for (; column != 0; column = came_from[column]) row_of[column] = row_of[came_from[column]];
    }
    std::vector<std::size_t> column_of(n);
    for (std::size_t j = 1; j <= n; ++j) column_of[row_of[j] - 1] = j - 1;
    return column_of;
}

}  // namespace

Tensor transport_order(const Tensor& x0, const Tensor& x1) {
    check(x0.defined() && x1.defined() && x0.rank() == 2 && x0.shape() == x1.shape() &&
              is_floating(x0.dtype()) && is_floating(x1.dtype()),
          "transport_order", "needs two batches of points [B, D]; got ", describe(x0), " and ",
          describe(x1));
    const NoGrad guard;
    const std::vector<double> cost = squared_distances(x1, x0);
    for (double c : cost) check(std::isfinite(c), "transport_order", "a distance is not finite");
    const std::vector<std::size_t> columns = assignment(cost, static_cast<std::size_t>(x0.size(0)));
    return tensor(std::vector<double>(columns.begin(), columns.end()), {x0.size(0)},
                  {i64, x0.device()});
}

}  // namespace eps::models::flow
