"""Bayesian networks in the interchange format BIF, written as ProbLog programs."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from logic.errors import NeurosymError

_VARIABLE = re.compile(r"variable\s+(\S+)\s*\{\s*type\s+discrete\s*\[\s*\d+\s*\]\s*\{([^}]*)\}")
_PROBABILITY = re.compile(r"probability\s*\(\s*([^|)\s]+)\s*(?:\|([^)]*))?\)\s*\{([^}]*)\}")
_ROW = re.compile(r"\(([^)]*)\)\s*([^;]*);|table\s*([^;]*);")


class NetworkError(NeurosymError, ValueError):
    """A text that is no network."""


class Network(NamedTuple):
    """A Bayesian network.

    Args:
        values: Of each variable.
        parents: Of each variable.
        tables: Of each variable the probabilities of its values, for all values of its parents.
    """

    values: Mapping[str, Sequence[str]]
    parents: Mapping[str, Sequence[str]]
    tables: Mapping[str, Mapping[tuple[str, ...], Sequence[float]]]


def read_bif(text: str) -> Network:
    """A network from its text.

    Raises:
        NetworkError: if a table is missing, or has not one row for all values of the parents.

    Example:
        >>> network = read_bif('''variable Rain { type discrete [ 2 ] { yes, no }; }
        ... probability ( Rain ) { table 0.2, 0.8; }''')
        >>> network.tables["Rain"][()]
        [0.2, 0.8]
    """
    values = {name: [one.strip() for one in own.split(",")] for name, own in _VARIABLE.findall(text)}
    parents: dict[str, list[str]] = {}
    tables: dict[str, dict[tuple[str, ...], list[float]]] = {}
    for name, given, body in _PROBABILITY.findall(text):
        parents[name] = [one.strip() for one in given.split(",")] if given.strip() else []
        tables[name] = {}
        for row, shares, only in _ROW.findall(body):
            key = tuple(one.strip() for one in row.split(",")) if row else ()
            tables[name][key] = [float(share) for share in (shares or only).split(",")]
    for name in values:
        wanted = {*product(*(values[parent] for parent in parents.get(name, ())))}
        if name not in tables or tables[name].keys() != wanted:
            raise NetworkError(f"the table of '{name}' has not one row for all values of its parents")
    return Network(values, parents, tables)


def to_program(network: Network, query: tuple[str, str], evidence: Sequence[tuple[str, str]] = ()) -> str:
    """A network as a ProbLog program: an annotated disjunction for each row of a table.

    Args:
        network: The network.
        query: A variable and its value.
        evidence: Variables and the values that were observed.

    Example:
        >>> network = Network({"A": ["yes", "no"]}, {"A": []}, {"A": {(): [0.25, 0.75]}})
        >>> print(to_program(network, ("A", "yes")))
        0.25::v('A',yes); 0.75::v('A',no).
        query(v('A',yes)).
    """
    return "\n".join(
        [*_clauses(network), f"query({_atom(*query)}).", *(f"evidence({_atom(*one)})." for one in evidence)]
    )


def _clauses(network: Network) -> Iterator[str]:
    for name, table in network.tables.items():
        for key, shares in table.items():
            scale = sum(shares)  # rounding in the files
            heads = [
                f"{round(share / scale, 12)!r}::{_atom(name, value)}"
                for value, share in zip(network.values[name], shares, strict=True)
                if share > 0
            ]
            body = ", ".join(_atom(*one) for one in zip(network.parents[name], key, strict=True))
            yield f"{'; '.join(heads)}{' :- ' if body else ''}{body}."


def _atom(name: str, value: str) -> str:
    plain = re.fullmatch(r"[a-z][A-Za-z0-9_]*", value)
    return f"v('{name}',{value if plain else repr(value)})"
