"""Templates: queries that differ only in what their inputs are called share one grounding.

The names of a sample's inputs, such as ``img7`` or ``train(17)``, are replaced by placeholders, the same in every
sample. The ground program is then the same but for these names, as long as the program cannot look inside them: it
neither mentions them nor calls anything that takes terms apart or puts them in order.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from math import isfinite
from typing import NamedTuple, cast

from ..errors import QueryError
from ..prolog.program import Program
from ..prolog.terms import Struct, Term, Value
from ..prolog.text import quote_atom

_TOKENS = re.compile(
    r"""\s+ | %[^\n]* | /\*.*?\*/ | 0'(?:\\.|''|.) | '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*`
        | \d+(?:\.\d+)?(?:[eE][+-]?\d+)? | \w+ | [-+*/\\^<>=~:.?@\#&$]+ | .""",
    re.VERBOSE | re.DOTALL,
)
_WORD = re.compile(r"[a-z]\w*", re.ASCII)
_SIMPLE = re.compile(r"'([a-z]\w*)'", re.ASCII)  # an atom that needs no quotes
_PLACEHOLDER = "'input {}'"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


TAKING_APART = _words("""
    @< @> @=< @>= compare msort sort max_member min_member functor arg =.. atom atomic compound callable string
    atom_length atom_chars atom_codes char_code number_codes atom_number subsumes_term is_set flatten $indices $subquery
    subquery concat join str2lst lst2str str2int primitive simple subsumes_chk cut clause $computed $known try_call""")
"""Functors that may tell terms of one shape from those of another, or put them in order."""

RESPECTING = _words("""
    true fail false = \\= == \\== is < > =< >= =:= =\\= between succ plus length member memberchk append nth0 nth1 last
    reverse select selectchk subtract permutation delete list_to_set sum_list sumlist max_list min_list numlist is_list
    var nonvar ground integer float number union intersection subset same_length nextto proper_length copy_term
    term_variables nl write writeln writenl print debugprint , ; -> *-> \\+ not once forall findall all all_or_none call
    maplist foldl scanl include exclude partition convlist prefix ! :: rational nocache select_uniform select_weighted
    enum_groups aggregate on_fail => collectgroup collect_list $collected $counted""")
"""All other built-in functors: whatever a name is, they do the same."""

_NUMBERS = _words("""
    e pi inf infinite nan epsilon random random_float cputime realtime max_integer min_integer max_tagged_integer
    min_tagged_integer""")
"""Atoms that stand for numbers in arithmetic."""


class Template(NamedTuple):
    """A query and the facts of a sample, with placeholders for the names of its inputs.

    Args:
        query: The goal.
        facts: What holds in this sample only.
        names: What the placeholders stand for, in their order; none if nothing was replaced.
        own: The words of the names.
        rest: The other words of query and facts.
    """

    query: str
    facts: str
    names: tuple[str, ...] = ()
    own: frozenset[str] = frozenset()
    rest: frozenset[str] = frozenset()

    def renamed(self, value: Value) -> Value:
        """A value with the placeholder of each input that it names.

        Example:
            >>> abstracted("largest([left, right], X)", "", ["left", "right"]).renamed(("right", 3))
            ('input 1', 3)
        """
        return _mapped(value, {name: placeholder(number)[1:-1] for number, name in enumerate(self.names)})

    def restored(self, value: Value) -> Value:
        """A value with the name of each input whose placeholder stands in it: :meth:`renamed`, backwards."""
        return _mapped(value, {placeholder(number)[1:-1]: name for number, name in enumerate(self.names)})


def placeholder(number: int) -> str:
    """What the input of this number is called in a template, as Prolog writes it."""
    return _PLACEHOLDER.format(number)


def abstracted(query: str, facts: str, names: Iterable[str]) -> Template:
    """The template of a query and the facts of a sample: placeholders where they name inputs, in order of appearance.

    Args:
        query: One goal.
        facts: Clauses, or nothing.
        names: Ground terms, as they are written in either.

    Returns:
        The template; without names if none of them stands there, or not as an argument alone.

    Example:
        >>> abstracted("sum([train(7), train(3)], S)", "", ["train(3)", "train(7)"])[:3]
        ("sum(['input 0', 'input 1'], S)", '', ('train(7)', 'train(3)'))
    """
    return _abstracted(query, facts, tuple(names))


@lru_cache(maxsize=4096)
def _abstracted(query: str, facts: str, names: tuple[str, ...]) -> Template:
    wanted = {tuple(word for word, *_ in _tokens(name)): name for name in names}
    found: dict[str, str] = {}
    written = [_replaced(text, wanted, found) for text in (query, facts)]
    own = frozenset(word for words in wanted for word in words if word[0].islower() or word[0] == "'")
    rest = frozenset(word for _, words in written for word in words)
    if not found or own & rest or not all(map(_is_plain, wanted)) or any(map(_is_disguised, rest)):
        return Template(query, facts)
    return Template(written[0][0], written[1][0], tuple(found), own, rest)


def _replaced(text: str, wanted: Mapping[tuple[str, ...], str], found: dict[str, str]) -> tuple[str, list[str]]:
    """The text with placeholders, which are added to those found; and its other words."""
    tokens = _tokens(text)
    words = [word for word, *_ in tokens]
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for name in wanted:
        by_first.setdefault(name[0], []).append(name)
    parts: list[str] = []
    rest: list[str] = []
    place = copied = 0
    while place < len(words):
        name = next((one for one in by_first.get(words[place], ()) if _stands_alone(words, place, one)), None)
        if name is None:
            rest.append(words[place])
            place += 1
            continue
        known = found.setdefault(wanted[name], placeholder(len(found)))
        parts += (text[copied : tokens[place][1]], known)
        copied = tokens[place + len(name) - 1][2]
        place += len(name)
    return "".join([*parts, text[copied:]]), rest


def _stands_alone(words: Sequence[str], place: int, name: tuple[str, ...]) -> bool:
    """Whether a name stands at a place as a whole argument, or a whole element of a list."""
    end = place + len(name)
    return (
        place > 0
        and end < len(words)
        and tuple(words[place:end]) == name
        and words[place - 1] in ("(", "[", ",", "|")
        and words[end] in (")", "]", ",", "|")
    )


def is_shared(program: Program, template: Template) -> bool:
    """Whether a program grounds a template as it would ground each query that it stands for.

    Example:
        >>> template = abstracted("sum(a, b, S)", "", ["a", "b"])
        >>> rule = "sum(X, Y, S) :- digit(X, A), digit(Y, B), S is A + B."
        >>> is_shared(Program.parse(rule), template), is_shared(Program.parse(f"{rule} special(a)."), template)
        (True, False)
    """
    if not template.names or template.own & (_NUMBERS | TAKING_APART | RESPECTING):
        return False
    functors = _functors(program)
    return functors.isdisjoint(template.own) and TAKING_APART.isdisjoint(functors | template.rest)


@lru_cache(maxsize=256)
def _functors(program: Program) -> frozenset[str]:
    """All atoms, functors and texts of a program, and the values of its domains."""
    found = {value for domain in program.domains for value in domain.values if isinstance(value, str)}
    todo: list[Term] = [part for clause in program.clauses for part in (clause.head, clause.body)]
    todo += [part for clause in program.clauses for chance in clause.chances for part in chance]
    while todo:
        part = todo.pop()
        if isinstance(part, Struct):
            found.add(part.functor)
            todo += part.arguments
        elif isinstance(part, tuple):
            todo += part
        elif isinstance(part, str):
            found.add(part)
    return frozenset(found)


def with_constants(query: str, constants: Mapping[str, object]) -> str:
    """A query with values in the place of some of its variables.

    Args:
        query: One goal.
        constants: Numbers, texts (as atoms), truth values, or lists of such, by the names of variables.

    Raises:
        QueryError: if the query has no such variable, or a value has no place in a program.

    Example:
        >>> with_constants("wap(Text, [A, B], X)", {"Text": "Ann has 3.", "A": 3, "B": -1})
        "wap('Ann has 3.', [3, (-1)], X)"
    """
    tokens = _tokens(query)
    if unknown := constants.keys() - {word for word, *_ in tokens if word[0].isupper() or word[0] == "_"}:
        raise QueryError(f"'{query}' has no variable '{min(unknown)}' that a constant could stand for")
    parts, copied = list[str](), 0
    for word, start, end in tokens:
        if word in constants:
            parts += (query[copied:start], to_prolog(constants[word]))
            copied = end
    return "".join([*parts, query[copied:]])


def to_prolog(value: object) -> str:
    """A value as Prolog reads it: a text becomes an atom, a list or tuple a list.

    Raises:
        QueryError: if it is none of these, or an infinite number.

    Example:
        >>> to_prolog(["ann", "Bo", 2.5, (True,)])
        "[ann, 'Bo', 2.5, [true]]"
    """
    if isinstance(value, str):
        return value if _WORD.fullmatch(value) else quote_atom(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(to_prolog, cast('list[object]', value)))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        shown = repr(value)
        if "e" in shown and "." not in shown:
            shown = shown.replace("e", ".0e")
        return f"({shown})" if shown.startswith("-") else shown
    raise QueryError(f"{value!r} cannot be written into a query; give numbers, texts, or lists of them")


def _tokens(text: str) -> list[tuple[str, int, int]]:
    """The tokens of a text but for layout and comments, each with its place; atoms without needless quotes."""
    return [
        (simple[1] if (simple := _SIMPLE.fullmatch(word)) else word, found.start(), found.end())
        for found in _TOKENS.finditer(text)
        if not (word := found[0]).isspace() and not word.startswith(("%", "/*"))
    ]


def _is_plain(words: tuple[str, ...]) -> bool:
    """Whether a name is an atom or a compound, and can be told from other terms by its words."""
    return (words[0][0].islower() or words[0][0] == "'") and not any(map(_is_disguised, words))


def _is_disguised(word: str) -> bool:
    """Whether a token may be another way to write an atom, or is a placeholder."""
    quoted = word[0] in "'\"`"
    return quoted and (len(word) == 1 or "\\" in word or word[0] * 2 in word[1:-1] or word.startswith("'input "))


def _mapped(value: Value, names: Mapping[str, str]) -> Value:
    if isinstance(value, tuple):
        return tuple(_mapped(part, names) for part in value)
    return names.get(value, value) if isinstance(value, str) else value
