"""Which picture is meant: the slot of each input of a network, whatever the order of the goals.

An input that is a number is that slot. Others are ordered by the numbers in them, and by their names in the order in
which the query gives them. Beliefs whose slots bear names are found by them and need no order.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..prolog.program import Program
from ..prolog.terms import Term


class Input(NamedTuple):
    """What a network is asked about.

    Args:
        network: Its name.
        number: In the order of first use.
        text: Its terms as a list, as Prolog writes it: ``[img1]``.
        arguments: Its terms.
    """

    network: str
    number: int
    text: str
    arguments: tuple[Term, ...] = ()


_WORDS = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|\w+""")
_NUMBER, _NAMED, _UNNAMED = range(3)


def input_slots(
    rows: Sequence[Input], program: Program, query: str | None
) -> tuple[dict[str, dict[int, int]], dict[str, str]]:
    """The slot of each input by network and number.

    Args:
        rows: The inputs.
        program: For its own queries.
        query: What is asked, if not they.

    Returns:
        The slots; and of each network of which only names that the query does not give tell two inputs apart, so that
        its slots have no order that a user could know, one sentence that says so.
    """
    asked = query if query is not None else " ".join(clause.text for clause in program.queries)
    given = {word: place for place, word in reversed([*enumerate(_WORDS.findall(asked))])}
    found: dict[str, dict[int, int]] = {}
    unordered: dict[str, str] = {}
    for network in dict.fromkeys(row.network for row in rows):
        own = {row.number: row.text[1:-1] for row in rows if row.network == network}
        if all(map(str.isdecimal, own.values())):
            found[network] = {number: int(text) for number, text in own.items()}
            continue
        keys = {number: [_key(word, given) for word in _WORDS.findall(text)] for number, text in own.items()}
        ordered = sorted(own, key=keys.__getitem__)
        for before, after in pairwise(ordered):
            differing = [pair for pair in zip(keys[before], keys[after], strict=False) if pair[0] != pair[1]]
            if differing and any(kind == _UNNAMED for kind, *_ in differing[0]):
                unordered[network] = (
                    f"{program.source}: the network '{network}' is asked about {own[before]} and {own[after]}, which "
                    f"the query does not name, so it is not said which picture is which; give beliefs by name, "
                    f"name the inputs in the query in the order of the pictures, or number them 0, 1, ..."
                )
                break
        found[network] = {number: slot for slot, number in enumerate(ordered)}
    return found, unordered


def _key(word: str, given: Mapping[str, int]) -> tuple[int, float, str]:
    """What sorts a word of an input: a number by its value, a name by its place in the query."""
    if word[0].isdigit() and word.replace(".", "", 1).isdecimal():
        return _NUMBER, float(word), ""
    return (_NAMED, given[word], "") if word in given else (_UNNAMED, 0, word)


def by_slot(rows: Sequence[Input], slots: Mapping[str, Mapping[int, int]]) -> dict[str, dict[int, Input]]:
    """The input at each slot, by network."""
    found: dict[str, dict[int, Input]] = {network: {} for network in slots}
    for row in rows:
        found[row.network][slots[row.network][row.number]] = row
    return {network: dict(sorted(inputs.items())) for network, inputs in found.items()}
