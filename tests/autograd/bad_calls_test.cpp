// Every public function called wrongly throws one sentence that names the op and shows what it got.
// Nothing crashes, and nothing returns.
#include "tests/autograd/bad_calls.h"

#include "tensor/contract/kernels.h"
#include "tests/autograd/support.h"
#include "varepsilon.h"

using namespace eps;
using namespace eps::test;

std::vector<BadCall> eps::test::bad_calls() {
    std::vector<BadCall> calls;
    add_bad_calls_tensors(calls);
    add_bad_calls_math(calls);
    add_bad_calls_shapes(calls);
    add_bad_calls_indexing(calls);
    add_bad_calls_linalg(calls);
    add_bad_calls_images(calls);
    add_bad_calls_operators(calls);
    return calls;
}

TEST_CASE("bad calls: each throws one sentence that names the op and what it got") {
    const std::vector<BadCall> calls = bad_calls();
    CHECK(calls.size() >= 340);
    std::size_t number = 0;
    for (const BadCall& bad : calls) {
        const std::string call = std::string(bad.op) + " (call " + std::to_string(number++) + ")";
        CAPTURE(call);
        Thrown error;
        CHECK_NOTHROW(error = error_of(bad.call));  // nothing but an eps::Error
        CHECK(error.op == bad.op);
        CHECK(error.sentence.rfind(std::string(bad.op) + ": ", 0) == 0);
        CHECK(error.sentence.find('\n') == std::string::npos);
        for (const char* part : bad.says)
            CHECK_MESSAGE(contains(error.sentence, part), std::string(part),
                          " is not in: ", error.sentence);
    }
}

TEST_CASE("bad calls: tensors on different devices, and a device that is not there") {
    const Tensor a = ones({2});
    const auto sentence = [](const std::function<void()>& call) { return error_of(call).sentence; };
    if (kernels::cuda::device_count() == 0) {
        CHECK_FALSE(sentence([] { zeros({2}, {.device = cuda}); }).empty());
        CHECK_FALSE(sentence([&] { to(a, cuda); }).empty());
        return;
    }
    const Tensor b = to(a, cuda);
    const Tensor both[] = {a, b};
    CHECK(contains(sentence([&] { a + b; }), "different devices"));
    CHECK(contains(sentence([&] { matmul(a, b); }), "different devices"));
    CHECK(contains(sentence([&] { concat(both); }), "different devices"));
    CHECK(contains(sentence([&] { b.data<float>(); }), "lives on cuda:0"));
}
