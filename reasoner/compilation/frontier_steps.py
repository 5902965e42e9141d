"""One step of a frontier: what becomes of a state when rules are added and atoms are not needed any more."""

from collections.abc import Sequence
from typing import Any, NamedTuple

ACCEPT, REJECT, LEFT_OUT = -1, -2, -3
MOST_ATOMS = 62  # remembered at one time: the bits of a word


class Step(NamedTuple):
    """What happens between two states, for each class of values of a slot.

    Args:
        heads: The place of the head of each rule that is added.
        bodies: That of its body, or -1.
        starts: Where the rules of each class begin; at last where they end.
        masks: The places of atoms that are heads of rules yet to come, bodies of such, wanted, and unwanted.
        sources: 1 if rules without a body are yet to come, else 0.
    """

    heads: Sequence[int]
    bodies: Sequence[int]
    starts: Sequence[int]
    masks: Sequence[int]
    sources: int


def after(row: Any, heads: Any, bodies: Any, start: int, end: int, masks: Any, sources: int, bits: Any) -> int:
    """Adds rules to a state and brings it into its one form.

    Args:
        row: The state: which atoms are true, then for each place the atoms that its atom implies, closed under
            implication; as words with a bit for each place. It is changed.
        heads: As in :class:`Step`.
        bodies: As in :class:`Step`.
        start: The first rule that is added.
        end: The one after the last.
        masks: As in :class:`Step`.
        sources: As in :class:`Step`.
        bits: The word of each place.

    Returns:
        ``ACCEPT`` or ``REJECT`` if what is asked is decided, else 0.
    """
    places = len(row) - 1
    for rule in range(start, end):
        head, body = heads[rule], bodies[rule]
        gained = row[1 + head] | bits[head]
        if body < 0 or row[0] & bits[body]:
            row[0] |= gained
        else:
            row[1 + body] |= gained
            for place in range(places):
                if row[1 + place] & bits[body]:
                    row[1 + place] |= gained
    true, arriving, wanted, unwanted = row[0], masks[0] & ~row[0], masks[2], masks[3]
    possible = true ^ true
    if sources or true & masks[1]:  # what no rule yet to come can reach is false
        possible = arriving
        for place in range(places):
            if arriving & bits[place]:
                possible |= row[1 + place]
        possible &= ~true
    if wanted & ~(true | possible) or unwanted & true:
        return REJECT
    if not (wanted & ~true or unwanted & possible):
        return ACCEPT
    kept = masks[1] | wanted | unwanted
    row[0] = true & kept
    for place in range(places):
        if arriving & bits[place]:
            row[1 + place] &= kept & possible & ~bits[place]
        else:
            row[1 + place] = true ^ true
    return 0
