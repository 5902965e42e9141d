"""Programs: what is read, and what is refused with line and column."""

from pathlib import Path

import pytest

from logic import Domain
from reasoner import DIGITS, Program, ProgramError
from reasoner.prolog.terms import Struct, Variable

ADDITION = "sum(S) :- digit(0, X), digit(1, Y), S is X + Y."


def test_clauses_come_back_as_terms() -> None:
    program = Program.parse("% a comment\n\nodd('Ä b', [1,2.5], \"s\").\n" + ADDITION)
    fact, rule = program.clauses
    assert fact.head == Struct("odd", (Struct("Ä b"), (1, 2.5), "s"))
    assert (fact.line, rule.line) == (3, 4)
    assert rule.head == Struct("sum", (Variable("S"),))
    assert program == Program.parse(program.text, (DIGITS,))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a.\nsum(S) :- digit(0, X) digit(1, Y).", ("syntax error", "line 2, column 22", "digit(0, X) digit(1, Y)")),
        ("p(X) :- q(X", ("syntax error", "line 1")),
        (
            "a.\n\np(X) :- a, colour(X, 2).",
            ("unknown domain or predicate 'colour/2'", "line 3, column 12", "known domains: digit"),
        ),
        ("p :- shell(ls).", ("'shell/1' is not allowed", "line 1, column 6")),
        ("p :- open(f, write, _).", ("'open/3' is not allowed",)),
        ("p :- a ; \\+ (assertz(b), a). a.", ("'assertz/1' is not allowed", "column 14")),
        ("p :- consult(f).", ("not allowed",)),
        ("p :- format(x).", ("not allowed",)),
        ("p :- call(shell(ls)).", ("'shell/1' is not allowed", "column 11")),
        ("p :- system:shell(ls).", ("not allowed",)),
        ("p :- 3, p.", ("not a goal", "column 6")),
        ("X.", ("not a clause",)),
        (":- initialization(p).", ("directive",)),
        ("digit(0, 3).", ("redefines a domain",)),
        ("X is Y.", ("redefines a built-in",)),
        ("p(X) :- digit(0, X), !.", ("cut", "column 22")),
        ("p :- (digit(0, 1) -> true ; fail).", ("condition",)),
        ("0.3 :: a ; b.", ("'b' in an annotated disjunction has no probability",)),
        ("b.\n0.5 :: \\+ a.", ("'a' is denied in a head, but no clause makes it true", "line 2")),
        ("a.\n0.5::\\+a(1).", ("'a(_)' is denied in a head", "line 2")),
        ("\\+ query(a). a.", ("not a clause", "line 1")),
        ("a. \\+ X :- a.", ("not a clause", "line 1")),
        ("\\+ digit(0, 3).", ("denied in a head", "line 1")),
        ("a. 0.4 :: query(a).", ("query/1", "has a probability", "line 1")),
        ("nn(net, [X], Y, [1]) :: p(X, Y).", ("two or more distinct",)),
        ("nn(net, [X], Y, [1, 2]) :: p(X, Y).\nnn(net, [X], Y, [1, 3]) :: q(X, Y).", ("line 2", "other values")),
    ],
)
def test_bad_programs_are_refused(text: str, words: tuple[str, ...]) -> None:
    with pytest.raises(ProgramError) as caught:
        Program.parse(text, source="rules.pl")
    assert "rules.pl" in str(caught.value)
    for word in words:
        assert word in str(caught.value)


def test_programs_cannot_see_each_other() -> None:
    Program.parse("secret(1).")
    with pytest.raises(ProgramError, match="secret/1"):
        Program.parse("p :- secret(1).")


def test_files(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.pl", tmp_path / "bad.pl"
    good.write_text("same :- colour(0, X), colour(1, X).")
    bad.write_bytes(b"p(\xff).")
    colours = Domain("colour", ("red", "it's blue"))
    assert len(Program.read(good, (colours,)).clauses) == 1
    with pytest.raises(ProgramError, match="byte 2 is not UTF-8"):
        Program.read(bad)
    with pytest.raises(ProgramError, match="cannot be read"):
        Program.read(tmp_path / "none.pl")
    with pytest.raises(ProgramError, match="one name"):
        Program.parse("a.", (DIGITS, DIGITS))
