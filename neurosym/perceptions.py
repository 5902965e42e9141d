"""Perceptions by name: which module sees what a program calls by the name of a network or of a domain."""

from collections.abc import Mapping
from typing import cast

from torch import nn

from logic import Domain
from perception.networks.perception import Perception, check_perception
from reasoner import Program, QueryError

from .inputs import Asked


def by_name(perceptions: Perception | Mapping[str, Perception], program: Program) -> dict[str, Perception]:
    """The perceptions by the names of networks and domains of a program.

    A perception without a name is that of its own domain, or of the only network of the program.

    Raises:
        PerceptionError: if one is none.
        QueryError: if the program has no network or domain of a name, or other values for it.
    """
    if isinstance(perceptions, nn.ModuleDict):
        perceptions = cast("Mapping[str, Perception]", dict(perceptions.items()))
    if not isinstance(perceptions, Mapping):
        found = check_perception(perceptions)
        networks = [d for d in program.domains if any(clause.network == d.name for clause in program.clauses)]
        alone = len(networks) == 1 and found.domain.name not in {domain.name for domain in program.domains}
        return {networks[0].name if alone else found.domain.name: found}
    known = {domain.name: domain for domain in program.domains}
    for name, perception in perceptions.items():
        check_perception(perception)
        if name not in known:
            raise QueryError(
                f"{program.source}: no network or domain is called '{name}'; those of the program are "
                f"{', '.join(known) or 'none'}"
            )
    if not perceptions:
        raise QueryError("a model needs a perception; give Model({'digit': network}, program, query)")
    return dict(perceptions)


def check_asked(query: str, asked: Mapping[str, Asked], perceptions: Mapping[str, Perception]) -> None:
    """Whether each perception that a query asks for is there, with the program's values.

    Raises:
        QueryError: if not; the text says what is missing.
    """
    for name, one in asked.items():
        perception = perceptions.get(name)
        if perception is None and len(perceptions) > 1:
            raise QueryError(
                f"{query} reads {_told(one.domain)}, but the perceptions are those of {', '.join(perceptions)}; "
                f"give one for '{name}'"
            )
        if perception is None or perception.domain.values != one.domain.values:
            seen = perception or next(iter(perceptions.values()))
            raise QueryError(
                f"{query} reads {_told(one.domain)}, but the perception sees {_told(seen.domain)}; "
                f"give both the same domain"
            )


def modules_of(perceptions: Mapping[str, Perception]) -> dict[str, nn.Module]:
    """The same, as modules, which they are."""
    return {name: cast(nn.Module, one) for name, one in perceptions.items()}


def _told(domain: Domain) -> str:
    shown = ", ".join(map(str, domain.values[:5])) + (", ..." if len(domain.values) > 5 else "")
    return f"the domain '{domain.name}' of {shown}"
