#include "tests/conformance/onnx/ops/window.h"

#include <algorithm>
#include <utility>

#include "autograd/ops/shape/shape.h"

namespace eps::conformance {

std::vector<std::int64_t> kernel_sizes(const Call& c, const Tensor& weight) {
    std::vector<std::int64_t> sizes;
    for (int d = 2; weight.defined() && d < weight.rank(); ++d) sizes.push_back(weight.size(d));
    return c.integers("kernel_shape", sizes);
}

std::vector<WindowDim> window_of(const Call& c, const Tensor& x,
                                 const std::vector<std::int64_t>& sizes) {
    const std::size_t n = sizes.size();
    const std::vector<std::int64_t> ones_each(n, 1);
    const auto strides = c.integers("strides", ones_each);
    const auto dilations = c.integers("dilations", ones_each);
    const auto pads = c.integers("pads", std::vector<std::int64_t>(2 * n, 0));
    const std::string automatic = c.text("auto_pad", "NOTSET");
    std::vector<WindowDim> window;
    for (std::size_t d = 0; d < n; ++d) {
        WindowDim w{sizes[d], strides[d], dilations[d], pads[d], pads[n + d]};
        if (automatic.starts_with("SAME")) {
            const std::int64_t extent = x.size(static_cast<std::int64_t>(d) + 2);
            const std::int64_t pixels = (extent + w.stride - 1) / w.stride;
            w.share_padding((pixels - 1) * w.stride + w.extent() - extent,
                            automatic == "SAME_UPPER");
        }
        window.push_back(w);
    }
    return window;
}

bool is_symmetric(const std::vector<WindowDim>& window) {
    return std::all_of(window.begin(), window.end(),
                       [](const WindowDim& w) { return w.before == w.after; });
}

Tensor pad_window(const Tensor& x, std::vector<WindowDim>& window, double value) {
    Dims before = Dims::filled(x.rank(), 0), after = before;
    for (std::size_t d = 0; d < window.size(); ++d) {
        before[static_cast<int>(d) + 2] = std::exchange(window[d].before, 0);
        after[static_cast<int>(d) + 2] = std::exchange(window[d].after, 0);
    }
    return pad(x, before, after, value);
}

}  // namespace eps::conformance
