"""Every built-in predicate answers as SWI-Prolog does, and its library(sandbox) finds each harmless.

A new one needs a line in ``builtins.pl`` and an example here. What ProbLog means by a built-in where that differs from
Prolog is told by the tests of the room; here stand examples on which both agree.
"""

import subprocess
from collections import defaultdict
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from reasoner import Program, infer

TABLE = Path(__file__).parent.parent / "reasoner" / "interpreter" / "builtins.pl"
EXAMPLES = {  # goals over X, which is what is compared
    "true/0": "true, X = 1",
    "fail/0": "X = 1, fail",
    "false/0": "X = 1, false",
    "=/2": "f(X, b) = f(a, b)",
    "\\=/2": "member(X, [a, b, c]), X \\= b",
    "==/2": "member(X, [a, b, c]), X == b",
    "\\==/2": "member(X, [a, b, c]), X \\== b",
    "@</2": "member(X, [2, b, f(a), 1.0]), X @< b",
    "@>/2": "member(X, [2, b, f(a), 1.0]), X @> b",
    "@=</2": "member(X, [2, b, f(a), 1.0]), X @=< b",
    "@>=/2": "member(X, [2, b, f(a), 1.0]), X @>= b",
    "compare/3": "member(Y, [a, b, c]), compare(X, Y, b)",
    "is/2": "X is 7 - 2 * 3",
    "</2": "member(X, [1, 2, 3]), X < 2",
    ">/2": "member(X, [1, 2, 3]), X > 2",
    "=</2": "member(X, [1, 2, 3]), X =< 2",
    ">=/2": "member(X, [1, 2, 3]), X >= 2",
    "=:=/2": "member(X, [1, 2, 2.0]), X =:= 2",
    "=\\=/2": "member(X, [1, 2, 2.0]), X =\\= 2",
    "between/3": "between(2, 4, X)",
    "succ/2": "succ(X, 4)",
    "plus/3": "plus(2, X, 5)",
    "length/2": "length([a, b, c], X)",
    "member/2": "member(X, [b, a, f(c)])",
    "memberchk/2": "memberchk(b, [a, b]), X = 1",
    "append/3": "append(X, _, [1, 2])",
    "append/2": "append([[1], [2, 3], []], X)",
    "nth0/3": "nth0(1, [a, b, c], X)",
    "nth1/3": "nth1(X, [a, b, a], a)",
    "last/2": "last([1, 2, 3], X)",
    "reverse/2": "reverse([1, 2, 3], X)",
    "select/3": "select(_, [1, 2, 3], X)",
    "selectchk/3": "selectchk(2, [1, 2, 3, 2], X)",
    "subtract/3": "subtract([1, 2, 3], [2], X)",
    "permutation/2": "permutation([1, 2, 3], X)",
    "delete/3": "delete([1, 2, 1], 1, X)",
    "msort/2": "msort([c, a, b, a], X)",
    "sort/2": "sort([c, a, b, a], X)",
    "sort/4": "sort(1, @>=, [f(1), f(3), f(2)], X)",
    "list_to_set/2": "list_to_set([b, a, b], X)",
    "sum_list/2": "sum_list([1, 2, 3], X)",
    "sumlist/2": "sumlist([1, 2, 3], X)",
    "max_list/2": "max_list([1, 3, 2], X)",
    "min_list/2": "min_list([2, 1, 3], X)",
    "max_member/2": "max_member(X, [1, a, f(b)])",
    "min_member/2": "min_member(X, [a, 1, f(b)])",
    "numlist/3": "numlist(2, 5, X)",
    "is_list/1": "member(X, [[], [a], a]), is_list(X)",
    "var/1": "var(Y), Y = X, X = 1",
    "nonvar/1": "member(X, [1, a]), nonvar(X)",
    "ground/1": "member(X, [1, f(a)]), ground(X)",
    "integer/1": "member(X, [1, 1.5, a]), integer(X)",
    "float/1": "member(X, [1, 1.5, a]), float(X)",
    "number/1": "member(X, [1, 1.5, a]), number(X)",
    "atom/1": "member(X, [1, f(a), a]), atom(X)",
    "atomic/1": "member(X, [1, f(a), a]), atomic(X)",
    "compound/1": "member(X, [1, f(a), a]), compound(X)",
    "functor/3": "functor(f(a, b), X, _)",
    "arg/3": "arg(_, f(a, b), X)",
    "=../2": "f(a, b) =.. X",
    "atom_length/2": "atom_length(abc, X)",
    "atom_chars/2": "atom_chars(X, [a, b])",
    "atom_codes/2": "atom_codes(abc, X)",
    "char_code/2": "char_code(X, 97)",
    "number_codes/2": "number_codes(X, [49, 50])",
    "atom_number/2": "atom_number('12', X)",
    "flatten/2": "flatten([1, [2, [3]], []], X)",
    "union/3": "union([1, 2], [2, 3], X)",
    "intersection/3": "intersection([1, 2, 3], [3, 2], X)",
    "subset/2": "member(X, [[1], [4], []]), subset(X, [1, 2])",
    "same_length/2": "same_length([_, _], Y), Y = [a, b], X = Y",
    "callable/1": "member(X, [1, f(a), a]), callable(X)",
    "string/1": "member(X, [1, a]), \\+ string(X)",
    "nth0/4": "nth0(1, [a, b, c], _, X)",
    "nth1/4": "nth1(1, [a, b, c], _, X)",
    "subsumes_term/2": "member(X, [f(a), g(a)]), subsumes_term(f(_), X)",
    "select/4": "select(a, [a, b, a], c, X)",
    "selectchk/4": "selectchk(a, [a, b, a], c, X)",
    "nextto/3": "nextto(X, 3, [1, 3, 2, 3])",
    "is_set/1": "member(X, [[a, b], [a, a]]), is_set(X)",
    "proper_length/2": "proper_length([a, b], X)",
    "copy_term/2": "copy_term(f(a), X)",
    "term_variables/2": "term_variables(f(Y, Z, Y), L), length(L, X), Y = Z",
}
OURS = {
    *("$indices/2", "$subquery/3", "$known/1", "$counted/2", "$computed/3"),  # what library.pl asks of the interpreter
    *("clause/2", "clause/3"),  # of the program's own clauses alone
}


_ASK = r"""
:- use_module(library(sandbox)).
main :-
    forall(clause(neurosym_builtins:builtin(Goal), true), tell(allowed, Goal)),
    forall(( clause(neurosym_builtins:builtin(Goal), true), catch(safe_goal(Goal), _, fail) ), tell(harmless, Goal)),
    forall(p(Name, X), format("answer\t~w\t~q~n", [Name, p(X)])),
    halt.
tell(What, Goal) :- functor(Goal, Name, Arity), format("~w\t~w/~w\tyes~n", [What, Name, Arity]).
"""


def rules() -> str:
    """A rule for each example."""
    return "".join(f"p('{name.replace(chr(92), chr(92) * 2)}', X) :- {goal}.\n" for name, goal in EXAMPLES.items())


@cache
def by_swi() -> dict[str, dict[str, set[str]]]:
    """What the table allows, what library(sandbox) finds harmless, and the answers to the examples."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "ask.pl"
        file.write_text(f":- use_module('{TABLE}').\n{_ASK}{rules()}", encoding="utf-8")
        command = ["swipl", "-q", "-f", "none", "-g", "main", str(file)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=60, check=True)
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for line in done.stdout.splitlines():
        what, name, term = line.split("\t")
        found[what][name].add(term)
    return found


@cache
def by_us() -> dict[str, set[str]]:
    """The answers to the examples."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, goal in EXAMPLES.items():
        found[name] = {*infer(Program.parse(f"p(X) :- {goal}. query(p(_)).", ())).atoms} - {"p(_)"}  # impossible
    return found


def test_each_has_an_example() -> None:
    assert set(by_swi()["allowed"]) - OURS == set(EXAMPLES)


def test_each_is_harmless() -> None:
    assert set(by_swi()["allowed"]) - set(by_swi()["harmless"]) - OURS == set()


@pytest.mark.parametrize("name", EXAMPLES)
def test_it_answers_as_swi_prolog(name: str) -> None:
    assert by_us()[name] == by_swi()["answer"].get(name, set())


def test_most_examples_have_answers() -> None:
    assert len(by_swi()["answer"]) == len(EXAMPLES) - 2  # fail and false
