// A listener of doctest: after each test case it appends a line to the file of
// EPS_MUTANTS_REACHED, with the faults whose places the case has executed, itself or in a program
// that it started:
//     17 23 108 <tab> 0.0123 (seconds) <tab> passed <tab> name of the case
// mutate.py puts it beside the tests of its copy of the sources.
#include <doctest/doctest.h>

#include "tests/mutation/mutants.h"

namespace {

struct ReachListener : doctest::IReporter {
    explicit ReachListener(const doctest::ContextOptions&) {}
    void report_query(const doctest::QueryData&) override {}
    void test_run_start() override {}
    void test_run_end(const doctest::TestRunStats&) override {}
    void test_case_start(const doctest::TestCaseData& data) override { name_ = data.m_name; }
    void test_case_reenter(const doctest::TestCaseData&) override {}
    void test_case_end(const doctest::CurrentTestCaseStats& stats) override {
        std::FILE* const file =
            eps::mutation::record ? std::fopen(eps::mutation::record, "a") : nullptr;
        if (!file) return;
        eps::mutation::reached.append_to(file);
        std::fprintf(file, "\t%.4f\t%s\t%s\n", stats.seconds,
                     stats.testCaseSuccess ? "passed" : "failed", name_);
        std::fclose(file);
    }
    void test_case_exception(const doctest::TestCaseException&) override {}
    void subcase_start(const doctest::SubcaseSignature&) override {}
    void subcase_end() override {}
    void log_assert(const doctest::AssertData&) override {}
    void log_message(const doctest::MessageData&) override {}
    void test_case_skipped(const doctest::TestCaseData&) override {}

private:
    const char* name_ = "";
};

REGISTER_LISTENER("mutants", 1, ReachListener);

}  // namespace
