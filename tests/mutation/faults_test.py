#!/usr/bin/env python3
"""Checks which faults faults.py finds in small pieces of C++, and how it plants them."""
import unittest

import faults


def found(text):
    return {(c.kind, " ".join(c.original.split()), c.mutated) for c in faults.candidates_of(text)}


class Candidates(unittest.TestCase):
    def test_operands_end_where_precedence_ends_them(self):
        self.assertEqual(found("void f() { y = a + b * c - d; }"), {
            ("sign", "a + b * c", "a - b * c"), ("missing term", "a + b * c", "a"),
            ("missing term", "a + b * c", "b * c"), ("factor", "b * c", "b / c"),
            ("missing factor", "b * c", "b"), ("missing factor", "b * c", "c"),
            ("sign", "a + b * c - d", "a + b * c + d"),
            ("missing term", "a + b * c - d", "a + b * c")})

    def test_calls_and_templates_belong_to_their_operand(self):
        self.assertIn(("sign", "static_cast<T>(x) + g(y, z)[i]", "static_cast<T>(x) - g(y, z)[i]"),
                      found("void f() { return static_cast<T>(x) + g(y, z)[i]; }"))

    def test_subscripts_and_literals(self):
        kinds = found("void f() { y = x[i] + T(2) * g(0.5); }")
        self.assertIn(("index", "i", "(i) + 1"), kinds)
        self.assertIn(("factor", "2", "3"), kinds)
        self.assertIn(("factor", "0.5", "1.0"), kinds)

    def test_loops_lose_their_last_round_and_accumulations_change_their_sign_or_go(self):
        kinds = found("void f() { for (int i = 0; i < n; ++i) sum += g(i); }")
        self.assertIn(("boundary", "i < n", "i + 1 < n"), kinds)
        self.assertIn(("sign", "sum += g(i)", "sum -= g(i)"), kinds)
        self.assertIn(("missing term", "sum += g(i)", ""), kinds)

    def test_a_unary_minus_goes(self):
        self.assertIn(("sign", "-a.b(c)", "a.b(c)"), found("void f() { return -a.b(c) - d; }"))

    def test_a_comparison_includes_its_end_or_not_but_switches_of_forms_are_left_alone(self):
        self.assertEqual(found("void f() { return a < b; }"), {("boundary", "a < b", "a <= b")})
        self.assertEqual(found("void f() { return x > 0.0; }") - {("factor", "0.0", "1.0")},
                         {("boundary", "x > 0.0", "x >= 0.0")})
        self.assertFalse({c for c in found("void f() { return x < T(2); }") if c[0] == "boundary"})

    def test_nothing_that_is_decided_before_the_program_runs(self):
        for text in ("constexpr double half = 1.0 / 2.0;", "static_assert(a + b == c);",
                     "#ifdef __CUDA_ARCH__\nfloat f() { return a + b; }\n#endif",
                     "constexpr std::array<double, 2> k{1. / 3, a + b};",
                     "void f() { T sums[8]; }", "template <class V> void f(const V (&d)[6]);",
                     "void f() { g<2 * n>(x); }", "void f() { if constexpr (N + 1 == 2) g(); }",
                     "void f() { // a + b\n g(\"a + b\"); }", "#define SUM a + b",
                     "void f() { case 3: return; }", "std::array<T, 2 * N> x;"):
            self.assertEqual(found(text), set(), text)


class Planting(unittest.TestCase):
    def test_a_fault_stands_beside_its_original(self):
        text = "int f() {\n    x += 2 * y;\n    return a - b;\n}\n"
        by_text = {(c.kind, c.mutated): c for c in faults.candidates_of(text)}
        chosen = [(4, by_text["missing term", ""]), (7, by_text["sign", "a + b"])]
        self.assertEqual(
            faults.planted(text, chosen),
            '#include "tests/mutation/mutants.h"\n#line 1\nint f() {\n'
            "    (eps_mutant(4) ? void() : void(x += 2 * y));\n"
            "    return (eps_mutant(7) ? (a + b) : (a - b));\n}\n")


if __name__ == "__main__":
    unittest.main()
