#pragma once
// A device whose graphs are lists of functions, to test captured steps without a GPU: what is
// captured does not run, and a launch runs the list.
#include <functional>
#include <vector>

#include "tensor/capture/captured_step.h"

namespace eps::test {

using Graph = std::vector<std::function<void()>>;

/// The state of the fake device; tests begin with `machine = {}`.
struct FakeDevice {
    bool capturing = false;
    Graph open;
    int captures = 0, launches = 0, alive = 0;
};
inline FakeDevice machine;

inline constexpr CaptureBackend kBackend{[](Device) {
                                             machine.capturing = true;
                                             machine.open.clear();
                                         },
                                         [](Device) -> void* {
                                             machine.capturing = false;
                                             ++machine.captures;
                                             ++machine.alive;
                                             return new Graph(machine.open);
                                         },
                                         [](Device) { machine.capturing = false; },
                                         [](Device, void* graph) {
                                             ++machine.launches;
                                             for (const auto& work : *static_cast<Graph*>(graph))
                                                 work();
                                         },
                                         [](Device, void* graph) {
                                             --machine.alive;
                                             delete static_cast<Graph*>(graph);
                                         }};

/// Runs work, or adds it to the graph that is being captured.
inline void on_device(const std::function<void()>& work) {
    if (machine.capturing)
        machine.open.push_back(work);
    else
        work();
}

}  // namespace eps::test
