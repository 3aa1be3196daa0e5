#pragma once
// What running sums are carried in.
#include <type_traits>

namespace eps {

/// f64 for f32: added one by one in f32, 2^24 ones would end there, since 2^24 + 1 is no f32.
/// Integers are exact in their own type.
template <class T> using RunningTotal = std::conditional_t<std::is_same_v<T, float>, double, T>;

}  // namespace eps
