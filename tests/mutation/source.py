"""C++ text as tokens, and the places in it where a fault can be planted.

This is no parser. It relies on clang-format: binary operators have spaces on both sides, and the
angle brackets of templates have none.
"""
import re
from collections import namedtuple

# A candidate replaces text[begin:end], which is `original`, by `mutated`. A statement is replaced
# as a whole.
Candidate = namedtuple("Candidate", "kind begin end original mutated statement")
Token = namedtuple("Token", "kind text begin end")

TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|/\*.*?\*/|^[ \t]*\#(?:[^\n\\]|\\.)*|\s+)
      | (?P<text>R"\((?:.|\n)*?\)"|"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)+')
      | (?P<number>(?:\d[\d']*)?\.?\d[\d']*(?:[eE][+-]?\d+)?[a-zA-Z0-9]*)
      | (?P<name>[A-Za-z_]\w*)
      | (?P<op><<=|>>=|<=>|->\*|\.\.\.|::|->|\+\+|--|<<|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|.)""",
    re.VERBOSE | re.DOTALL | re.MULTILINE)
PRECEDENCE = {"*": 10, "/": 10, "%": 10, "+": 9, "-": 9, "<<": 8, ">>": 8, "<": 7, "<=": 7,
              ">": 7, ">=": 7, "==": 6, "!=": 6, "&": 5, "^": 4, "|": 3, "&&": 2, "||": 1}
ASSIGNMENTS = {"=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "<<=", ">>="}
CLOSER = {"(": ")", "[": "]", "{": "}"}
OPENER = {closer: opener for opener, closer in CLOSER.items()}
STATEMENT_WORDS = {"return", "case", "else", "do", "throw", "co_yield", "goto", "typename", "new"}
# What is decided before the program runs, or says nothing about the numbers that come out.
NO_FAULT = re.compile(
    r"\b(static_assert|using|case|enum|template|throw|check|fail|grain|\w*Grain|reserve|prefetch|"
    r"requires|operator)\b|\bassert\(")
# Text for the GPU alone.
CUDA_ONLY = re.compile(r"^#ifdef __CUDA_ARCH__$.*?^#(else|endif)", re.DOTALL | re.MULTILINE)


def tokens_of(text):
    tokens = []
    for match in TOKEN.finditer(text):
        if match.lastgroup != "skip":
            tokens.append(Token(match.lastgroup, match.group(), match.start(), match.end()))
    return tokens


class Source:
    def __init__(self, text):
        self.text = text
        self.tokens = tokens_of(text)
        self.partner = {}   # of brackets, angle brackets of templates included
        self.frozen = set()  # tokens in places that are not to be changed
        self._match_brackets()
        self._freeze()

    # --- reading ---------------------------------------------------------------------------------
    def word(self, i):
        return self.tokens[i].text if 0 <= i < len(self.tokens) else ""

    def spaced(self, i):
        """Whether token i has white space on both sides."""
        t = self.tokens[i]
        return (self.text[t.begin - 1:t.begin].isspace() and self.text[t.end:t.end + 1].isspace())

    def ends_operand(self, i):
        if i < 0 or self.word(i) in STATEMENT_WORDS:
            return False
        return self.tokens[i].kind in ("number", "name") or self.word(i) in ")]"

    def is_binary(self, i):
        return (self.word(i) in PRECEDENCE and i not in self.partner and self.spaced(i)
                and self.ends_operand(i - 1))

    def _match_brackets(self):
        stack = []
        for i, token in enumerate(self.tokens):
            angle = token.text in "<>" and not self.spaced(i)
            if token.text == "<" and not self.is_binary(i) or token.text in CLOSER:
                stack.append(i)
            elif token.text in OPENER or token.text == ">" and angle:
                want = OPENER.get(token.text, "<")
                while stack and self.word(stack[-1]) != want:
                    if want == "<":
                        break
                    stack.pop()
                if stack and self.word(stack[-1]) == want:
                    opener = stack.pop()
                    self.partner[opener], self.partner[i] = i, opener
        for i, j in list(self.partner.items()):
            if self.word(i) == "<":
                self.frozen.update(range(i, j + 1))

    def statement_of(self, i):
        """The tokens [first, last] of the statement around token i, as far as ; { } tell."""
        first = last = i
        while first > 0 and self.word(first - 1) not in (";", "{", "}"):
            first -= 1
        while last + 1 < len(self.tokens) and self.word(last) not in (";", "{", "}"):
            last += 1
        return first, last

    def _freeze(self):
        cuda = [(m.start(), m.end()) for m in CUDA_ONLY.finditer(self.text)]
        for i, token in enumerate(self.tokens):
            if any(begin <= token.begin < end for begin, end in cuda):
                self.frozen.add(i)
            if token.text == "constexpr":
                if self.word(i - 1) == "if":
                    self.frozen.update(range(i, self.partner.get(i + 1, i) + 1))
                    continue
                self._freeze_declaration(i)
            elif token.text in ("static_assert", "noexcept", "decltype", "alignas", "sizeof"):
                self.frozen.update(range(i, self.partner.get(i + 1, i) + 1))

    def _freeze_declaration(self, i):
        """From `constexpr` to the body of a function, or to the end of a constant."""
        j, function = i, False
        while j < len(self.tokens) and self.word(j) != ";":
            if self.word(j) == "{":
                if not function:  # a constant with an initialiser in braces
                    self.frozen.update(range(i, self.partner.get(j, j) + 1))
                return
            if self.word(j) == "=":
                function = False
                self.frozen.update(range(i, j))
                while j < len(self.tokens) and self.word(j) != ";":
                    k = self.partner.get(j, j) if self.word(j) in "([{" else j
                    self.frozen.update(range(j, k + 1))
                    j = k + 1
                return
            self.frozen.add(j)
            if self.word(j) == "(":
                function = True
                self.frozen.update(range(j, self.partner.get(j, j) + 1))
            j = self.partner.get(j, j) + 1 if self.word(j) in "([{" else j + 1

    # --- operands --------------------------------------------------------------------------------
    def left_operand(self, i):
        """The first token of the left operand of the binary operator at i, or None."""
        j, begin = i - 1, None
        while j >= 0:
            word = self.word(j)
            if word == "}" or word == "?" or word == ":":
                return begin if word != "}" else None
            if word in ")]" or word == ">" and j in self.partner:
                if j not in self.partner:
                    return None
                j = begin = self.partner[j]
                j -= 1
                continue
            if word in ("(", "[", "{", ",", ";") or word in ASSIGNMENTS or word in STATEMENT_WORDS:
                return begin
            if self.is_binary(j) and PRECEDENCE[word] < PRECEDENCE[self.word(i)]:
                return begin
            begin, j = j, j - 1
        return None

    def right_operand(self, i):
        """The last token of the right operand of the binary operator at i, or None."""
        j, end = i + 1, None
        while j < len(self.tokens):
            word = self.word(j)
            if word in ("(", "[", "<") and j in self.partner:
                j = end = self.partner[j]
                j += 1
                continue
            if word == "{":
                return None
            if word in (")", "]", "}", ",", ";", "?", ":") or word in ASSIGNMENTS:
                return end
            if self.is_binary(j) and PRECEDENCE[word] <= PRECEDENCE[self.word(i)]:
                return end
            end, j = j, j + 1
        return None

    def between(self, first, last):
        return self.text[self.tokens[first].begin:self.tokens[last].end]
