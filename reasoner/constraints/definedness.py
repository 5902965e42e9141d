"""Where the expressions of a constraint have a value, said by constraints, so that every solver means the same.

What is undefined makes the innermost constraint around it false: ``B #<==> (X // Y #= 1)`` leaves B = 0 at Y = 0.
(In the literature: relational semantics; Frisch and Stuckey, "The proper treatment of undefinedness in constraint
languages", CP 2009.) Powers are as in library(clpfd): ``0^N`` is 0 for negative N, and a power that is no integer, such
as ``2^(-1)``, is demanded never to be met, even inside a reified constraint.
"""

from collections.abc import Iterator

from ..prolog.terms import Struct, Term

DIVISIONS = frozenset({"//", "div", "mod", "rem"})


def conditions(term: Term) -> list[Struct]:
    r"""What must hold for the expressions in a comparison or membership to have values: no divisor is 0.

    The conditions are meant without conditions of their own: those of a divisor are in the list too.

    >>> conditions(Struct("#=", (Struct("//", (6, Struct("$fd", (0,)))), 1)))
    [Struct(functor='#\\=', arguments=(Struct(functor='$fd', arguments=(0,)), 0))]
    """
    divisors = (operation.arguments[1] for operation in _operations(term) if operation.functor in DIVISIONS)
    return [
        Struct("#\\=", (divisor, 0))
        for divisor in dict.fromkeys(divisors)
        if not isinstance(divisor, int) or not divisor
    ]


def demands(term: Term) -> list[Struct]:
    """What must hold wherever a constraint is posted, whether it is true or false: each power in it is an integer."""
    found: list[Struct] = []
    for operation in dict.fromkeys(_operations(term)):
        if operation.functor != "^":
            continue
        base, exponent = operation.arguments
        if (isinstance(exponent, int) and exponent >= 0) or (isinstance(base, int) and abs(base) <= 1):
            continue
        demand = Struct("#\\/", (Struct("#>=", (exponent, 0)), Struct("$in", ((base,), ((-1, 1),)))))
        for condition in conditions(operation):
            demand = Struct("#\\/", (demand, Struct("#\\", (condition,))))
        found.append(demand)
    return found


def _operations(term: Term) -> Iterator[Struct]:
    """The compounds in a term, whatever their depth."""
    waiting = [term]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Struct):
            yield part
            waiting.extend(reversed(part.arguments))
        elif isinstance(part, tuple):
            waiting.extend(reversed(part))
