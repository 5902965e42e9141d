"""What outputs of a circuit mean: plain values, claims on it, and what is taken for granted of it."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from .errors import CircuitError


class Role(StrEnum):
    r"""What an output means; all but the first are claims on the circuit, as in AIGER 1.9.

    Example:
        >>> from logic import parse_circuit
        >>> parse_circuit("aag 1 1 0 0 0 1\n2\n2\n", "aag").roles
        (<Role.BAD: 'bad'>,)
    """

    OUTPUT = "output"
    BAD = "bad"  # never true (a safety property)
    CONSTRAINT = "constraint"  # assumed to be true at every clock
    JUSTICE = "justice"  # one of those that are all true again and again on a path that violates the property
    FAIRNESS = "fairness"  # assumed to be true again and again


@dataclass(frozen=True)
class Property:
    """A claim on a circuit that may be proved or refuted.

    Args:
        name: As a file or a user calls it.
        role: ``BAD``: its one output is never true. ``JUSTICE``: its outputs are not all true again and again.
        outputs: Positions among the circuit's outputs.
    """

    name: str
    role: Role
    outputs: tuple[int, ...]


def check_roles(roles: Sequence[Role], outputs: int, justice: Sequence[Property]) -> None:
    """Looks whether each output has a role, and each of a justice property lies in just one.

    Raises:
        CircuitError: if not.
    """
    if roles and len(roles) != outputs:
        raise CircuitError(f"{outputs} outputs have {len(roles)} roles")
    stated = sorted(at for at, role in enumerate(roles) if role is Role.JUSTICE)
    held = sorted(at for one in justice for at in one.outputs)
    if stated != held or any(one.role is not Role.JUSTICE for one in justice):
        raise CircuitError(
            f"the outputs {stated} have the role justice, the justice properties hold {held}; give each such output to "
            "one property of Circuit.justice"
        )


def find_properties(roles: Sequence[Role], names: Sequence[str], justice: Sequence[Property]) -> tuple[Property, ...]:
    """The properties of a circuit, those of safety first.

    Raises:
        CircuitError: if two bear one name.
    """
    bad = [Property(names[at], role, (at,)) for at, role in enumerate(roles) if role is Role.BAD]
    found = (*bad, *justice)
    twice = [name for name, count in Counter(one.name for one in found).items() if count > 1]
    if twice:
        raise CircuitError(f"two properties are called {twice[0]!r}; give each a name of its own")
    return found
