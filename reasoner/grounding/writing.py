"""A ground program as text: in the language of ProbLog, or as a graph for Graphviz."""

from collections.abc import Iterator
from math import exp

from ..prolog.text import quote_atom
from .grounding import NONE, Grounding
from .rules import Negation, Support


def ground_text(grounding: Grounding) -> str:
    r"""The ground program in the language of ProbLog: choices, rules, queries and evidence.

    What was certain while it was grounded is left out, as it is of no weight; a choice whose clause has a body, and one
    of a network, is written as an atom of its own.

    Example:
        >>> from reasoner import Program, ground
        >>> print(ground_text(ground(Program.parse("0.4::a(X) :- b(X). b(1). c :- \\+ a(1). query(c).", ()))), end="")
        0.4::a(1).
        c :- \+ a(1).
        query(c).
    """
    return "".join(f"{line}.\n" for line in _lines(grounding))


def _lines(grounding: Grounding) -> Iterator[str]:
    facts = _facts(grounding)
    for slot, constants in zip(grounding.slots, grounding.constants, strict=True):
        domain, number = slot
        heads: list[str] = []
        for place, value in enumerate(domain.values):
            if value == NONE:
                continue
            share = "" if constants is None else _share(constants[place])
            heads.append(f"{share}::{facts[domain.name, number, value]}")
        if constants is None:
            name = f"nn({domain.name}, {grounding.name_of(domain.name, number)})"
            yield f"% {name} decides: " + "; ".join(head.removeprefix("::") for head in heads)
        else:
            yield "; ".join(heads)
    for instance in grounding.instances:
        head = grounding.atoms[instance.head]
        body = [_shown(item, grounding, facts) for item in instance.body]
        if body != [head] and head != "true":
            yield f"{head} :- {', '.join(body)}" if body else head
    for answer in grounding.answers:
        if answer.text != "true":
            yield f"query({answer.text})"
    for atom, truth in grounding.evidence:
        yield f"evidence({grounding.atoms[atom]})" if truth else f"evidence(\\+{grounding.atoms[atom]})"


def ground_graph(grounding: Grounding) -> str:
    """The ground program as a graph in the language of Graphviz: atoms rest on rules, and these on atoms and choices.

    Example:
        >>> from reasoner import Program, ground
        >>> "a" in ground_graph(ground(Program.parse("0.4::a. query(a).", ())))
        True
    """
    lines = ["digraph ground {", "  rankdir=BT;"]
    asked = {answer.atom for answer in grounding.answers}
    atoms = {instance.head for instance in grounding.instances}
    atoms |= {item for one in grounding.instances for item in one.body if isinstance(item, int)}
    for atom in sorted(atoms):
        lines.append(f"  a{atom} [label={_quoted(grounding.atoms[atom])}{', peripheries=2' if atom in asked else ''}];")
    facts = _facts(grounding)
    leaves: dict[Support, str] = {}
    for number, instance in enumerate(grounding.instances):
        lines.append(f'  r{number} [shape=point, xlabel="{instance.line or ""}"];')
        lines.append(f"  r{number} -> a{instance.head};")
        for item in instance.body:
            if isinstance(item, int):
                lines.append(f"  a{item} -> r{number};")
            elif isinstance(item, Negation) and len(item.of) == 1 and isinstance(item.of[0], int):
                lines.append(f"  a{item.of[0]} -> r{number} [arrowtail=dot, style=dashed];")
            else:
                if item not in leaves:
                    leaves[item] = f"l{len(leaves)}"
                    lines.append(f"  {leaves[item]} [shape=box, label={_quoted(_shown(item, grounding, facts))}];")
                lines.append(f"  {leaves[item]} -> r{number};")
    return "\n".join([*lines, "}\n"])


def _facts(grounding: Grounding) -> dict[tuple[str, int, int | str], str]:
    """The atom of each value of a slot: the head itself where it is written so, and no other atom is."""
    found: dict[tuple[str, int, int | str], str] = {}
    derived = {
        grounding.atoms[one.head]
        for one in grounding.instances
        if len(one.body) != 1 or isinstance(one.body[0], int | Negation)
    }
    several: dict[str, int] = {}
    for one in grounding.instances:
        several[grounding.atoms[one.head]] = several.get(grounding.atoms[one.head], 0) + 1
    for (domain, number), constants in zip(grounding.slots, grounding.constants, strict=True):
        for value in domain.values:
            text = str(value)
            plain = constants is not None and text not in derived and several.get(text) == 1
            found[domain.name, number, value] = (
                text if plain else f"{quote_atom(f'{domain.name} {number}')}({_constant(value)})"
            )
    return found


def _constant(value: int | str) -> str:
    return quote_atom(value) if isinstance(value, str) else str(value)


def _shown(item: Support, grounding: Grounding, facts: dict[tuple[str, int, int | str], str]) -> str:
    if isinstance(item, int):
        return grounding.atoms[item]
    if isinstance(item, Negation):
        return ", ".join(f"\\+ {_shown(one, grounding, facts)}" for one in item.of) or "true"
    return facts.get((item.domain, item.slot, item.value), item.name)


def _share(log_share: float) -> str:
    return f"{exp(log_share):.15g}"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
