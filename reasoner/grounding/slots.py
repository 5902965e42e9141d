"""Which picture is meant: the slot of each input of a network, whatever the order of the goals.

An input that is a number is that slot. Others are ordered by the numbers in them, and by their names in the order in
which the query gives them.
"""

import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from ..errors import QueryError
from ..prolog.program import Program

Input = tuple[str, int, str]
"""Network, number in the order of first use, and text, as ``ground_writer.pl`` has them."""

_WORDS = re.compile(r"""'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|\d+(?:\.\d+)?|\w+""")
_NUMBER, _NAMED, _UNNAMED = range(3)


def input_slots(rows: Sequence[Input], program: Program, query: str | None) -> dict[str, dict[int, int]]:
    """The slot of each input by network and number.

    Args:
        rows: The inputs.
        program: For its own queries.
        query: What is asked, if not they.

    Raises:
        QueryError: if only names that the query does not give tell two inputs apart.
    """
    asked = query if query is not None else " ".join(clause.text for clause in program.queries)
    given = {word: place for place, word in reversed([*enumerate(_WORDS.findall(asked))])}
    found: dict[str, dict[int, int]] = {}
    for network in dict.fromkeys(row[0] for row in rows):
        own = {number: text[1:-1] for name, number, text in rows if name == network}
        if all(map(str.isdecimal, own.values())):
            found[network] = {number: int(text) for number, text in own.items()}
            continue
        keys = {number: [_key(word, given) for word in _WORDS.findall(text)] for number, text in own.items()}
        ordered = sorted(own, key=keys.__getitem__)
        for before, after in pairwise(ordered):
            differing = [pair for pair in zip(keys[before], keys[after], strict=False) if pair[0] != pair[1]]
            if differing and any(kind == _UNNAMED for kind, *_ in differing[0]):
                raise QueryError(
                    f"{program.source}: the network '{network}' is asked about {own[before]} and {own[after]}, which "
                    f"the query does not name, so it is not said which picture is which; name the inputs in the query "
                    f"in the order of the pictures, or number them 0, 1, ..."
                )
        found[network] = {number: slot for slot, number in enumerate(ordered)}
    return found


def _key(word: str, given: Mapping[str, int]) -> tuple[int, float, str]:
    """What sorts a word of an input: a number by its value, a name by its place in the query."""
    if word[0].isdigit() and word.replace(".", "", 1).isdecimal():
        return _NUMBER, float(word), ""
    return (_NAMED, given[word], "") if word in given else (_UNNAMED, 0, word)


def texts_of(rows: Sequence[Any], slots: Mapping[str, Mapping[int, int]]) -> dict[str, dict[int, str]]:
    """The text of the input at each slot, by network."""
    found: dict[str, dict[int, str]] = {network: {} for network in slots}
    for network, number, text in rows:
        found[network][slots[network][number]] = text
    return {network: dict(sorted(texts.items())) for network, texts in found.items()}
