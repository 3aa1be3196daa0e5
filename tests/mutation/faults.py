"""The faults that can be planted in a C++ source: one function for each kind of place."""
import re

from source import ASSIGNMENTS, NO_FAULT, Candidate, Source

# A comparison with a number other than 0 chooses between two forms of a formula that agree there.
SWITCH = re.compile(r"-?(0x\w*p-?\w+|[\d.]*[1-9][\d.]*(e-?\d+)?)f?|T\(-?[\d.]*[1-9]\d*\)")


def candidates_of(text):
    source = Source(text)
    found = []
    for i, token in enumerate(source.tokens):
        if i in source.frozen:
            continue
        first, last = source.statement_of(i)
        if NO_FAULT.search(source.between(first, last)):
            continue
        if token.kind == "number":
            found += literal_faults(source, i)
        elif source.is_binary(i):
            found += binary_faults(source, i)
        elif token.text == "-":
            found += unary_faults(source, i)
        elif token.text in ("+=", "-="):
            found += accumulation_faults(source, i, first, last)
        elif token.text == "[":
            found += subscript_faults(source, i)
    return found


def expression(source, kind, first, last, mutated):
    original = source.between(first, last)
    return Candidate(kind, source.tokens[first].begin, source.tokens[last].end, original, mutated,
                     False)


def binary_faults(source, i):
    first, last = source.left_operand(i), source.right_operand(i)
    if first is None or last is None or first >= i or last <= i:
        return []
    left, right = source.between(first, i - 1), source.between(i + 1, last)
    op = source.word(i)

    def fault(kind, mutated):
        return expression(source, kind, first, last, mutated)

    if op in "+-":
        other = "-" if op == "+" else "+"
        return [fault("sign", f"{left} {other} {right}"), fault("missing term", left),
                *([fault("missing term", right)] if op == "+" else [])]
    if op in "*/":
        other = "/" if op == "*" else "*"
        return [fault("factor", f"{left} {other} {right}"), fault("missing factor", left),
                *([fault("missing factor", right)] if op == "*" else [])]
    if op in ("<", ">", "<=", ">="):
        if in_head_of_for(source, i):
            return [fault("boundary", f"{left} + 1 {op} {right}")] if op == "<" else []
        if any(SWITCH.fullmatch(operand) for operand in (left, right)):
            return []
        other = op[:-1] if op.endswith("=") else op + "="
        return [fault("boundary", f"{left} {other} {right}")]
    return []


def in_head_of_for(source, i):
    first, _ = source.statement_of(i)
    return source.word(first - 1) == ";" and any(
        source.word(j) == "for" for j in range(max(first - 12, 0), first))


def unary_faults(source, i):
    """-x becomes x."""
    if source.ends_operand(i - 1) or source.word(i - 1) in ("++", "--"):
        return []
    j = end = i + 1
    while j < len(source.tokens):
        word = source.word(j)
        if j in source.partner and word in ("(", "[", "<"):
            end, j = source.partner[j], source.partner[j] + 1
        elif source.tokens[j].kind in ("name", "number"):
            if j > i + 1 and source.word(j - 1) not in (".", "->", "::"):
                break
            end, j = j, j + 1
        elif word in (".", "->", "::"):
            j += 1
        else:
            break
    operand = source.between(i + 1, end)
    return [expression(source, "sign", i, end, operand)] if operand else []


def literal_faults(source, i):
    """A number is doubled; a whole one that is no scalar of a formula becomes the next one."""
    if source.word(i - 1) == "-" and not source.is_binary(i - 1):
        return []
    text = source.word(i)
    if source.word(i - 1) == "[" and declares_array(source, i - 1):
        return []
    if text.lower().startswith("0x") or "'" in text or not text[0].isdigit():
        return []
    scalar = source.word(i - 1) == "(" and source.word(i - 2) in ("T", "V", "A", "S")
    if text.isdigit():
        kind = "factor" if scalar else "index"
        return [expression(source, kind, i, i, str(int(text) + 1))]
    number, suffix = (text[:-1], text[-1]) if text[-1] in "fF" else (text, "")
    try:
        doubled = 2 * float(number) or 1.0
    except ValueError:
        return []
    return [expression(source, "factor", i, i, repr(doubled) + suffix)]


def accumulation_faults(source, i, first, last):
    """x += y becomes x -= y, or is left out."""
    if source.word(last) != ";" or source.word(first - 1) not in (";", "{", "}"):
        return []
    j = i - 1  # the statement may follow for (...) or if (...): take it from its left side on
    while j >= first and (source.tokens[j].kind == "name" or source.word(j) in (".", "->", "]")):
        j = source.partner[j] - 1 if source.word(j) == "]" else j - 1
    if j >= first and source.word(j) != ")":
        return []
    begin, op = j + 1, source.word(i)
    left, right = source.between(begin, i - 1), source.between(i + 1, last - 1)
    if begin >= i or any(source.word(k) in ASSIGNMENTS for k in range(i + 1, last)):
        return []
    other = "-=" if op == "+=" else "+="
    original = f"{left} {op} {right}"
    span = source.tokens[begin].begin, source.tokens[last - 1].end
    return [Candidate("sign", *span, original, f"{left} {other} {right}", True),
            Candidate("missing term", *span, original, "", True)]


def declares_array(source, i):
    """Whether the bracket at i holds an extent: T x[8], T (&x)[8]; no fault takes effect there."""
    if source.word(i - 1) == ")":
        return source.word(source.partner.get(i - 1, i) + 1) in ("&", "*")
    before = source.word(i - 2)
    return (source.tokens[i - 2].kind == "name" and before not in ("return", "else")
            or before in (">", "*", "&") and not source.is_binary(i - 2))


def subscript_faults(source, i):
    """x[i] becomes x[i + 1]."""
    close = source.partner.get(i)
    if (close is None or close <= i + 1 or not source.ends_operand(i - 1)
            or declares_array(source, i) or source.word(i - 1) in ("auto", "delete", "operator")):
        return []
    inside = source.between(i + 1, close - 1)
    if "," in inside or inside.startswith("k") and inside[1:2].isupper():
        return []
    if inside.isdigit():
        return []  # a literal has its own fault
    return [expression(source, "index", i + 1, close - 1, f"({inside}) + 1")]


def planted(text, chosen):
    """The text with the chosen faults, pairs of a number and a candidate, none of which overlap."""
    for number, c in sorted(chosen, key=lambda pair: pair[1].begin, reverse=True):
        if c.statement:
            mutated = f"void({c.mutated})"
            new = f"(eps_mutant({number}) ? {mutated} : void({c.original}))"
        else:
            new = f"(eps_mutant({number}) ? ({c.mutated}) : ({c.original}))"
        text = text[:c.begin] + new + text[c.end:]
    return '#include "tests/mutation/mutants.h"\n#line 1\n' + text
