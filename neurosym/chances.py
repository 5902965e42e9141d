"""Probabilities of a program that are learned beside its networks: ``t(0.4) :: rain`` starts at 0.4."""

from math import log

import torch
from torch import Tensor, nn

from reasoner import Program, ProgramError
from reasoner.grounding.sums import IMPOSSIBLE
from reasoner.learning.stated import LEAST, stated
from reasoner.prolog.program import Clause, is_learned
from reasoner.prolog.terms import Struct


class Chances(nn.Module):
    """The learned probabilities of a program, as logits; all instances of a clause share them.

    Of a fact, it is learned against its negation; of a disjunction, its learned heads share what the others leave.

    Args:
        program: The rules.

    Raises:
        ProgramError: if a probability beside a learned one is no number.

    Example:
        >>> chances = Chances(Program.parse("t(0.25) :: rain. 0.5 :: a; t(_) :: b; t(_) :: c."))
        >>> {clause: [round(p, 3) for p in logs.exp().tolist()] for clause, logs in chances().items()}
        {0: [0.25, 0.75], 1: [0.5, 0.25, 0.25, 0.0]}

    References:
        Gutmann, Thon, De Raedt, "Learning the parameters of probabilistic logic programs from interpretations",
        ECML 2011, for the notation.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self._fixed: dict[int, list[float]] = {}
        self._free: dict[int, list[int]] = {}
        self.logits = nn.ParameterDict()
        for number in program.learned:
            where = f"{program.where(number)}: '{program.clauses[number].text}'"
            if any(
                isinstance(p, Struct) and len(p.arguments) > 1
                for p, _ in program.clauses[number].chances
                if is_learned(p)
            ):
                raise ProgramError(
                    f"{where}: one probability for each instance is learned from interpretations, by neurosym lfi; "
                    f"beside networks write t(_), which all share, or a clause for each"
                )
            starts, learned = _starts(program.clauses[number], where)
            self._free[number] = [place for place, free in enumerate(learned) if free]
            self._fixed[number] = [
                log(p) if p and not free else IMPOSSIBLE for p, free in zip(starts, learned, strict=True)
            ]
            if not all(starts[place] > 0.0 for place in self._free[number]):
                raise ProgramError(
                    f"{where}: a probability that starts at 0 stays there; start between 0 and 1, or by t(_)"
                )
            self.logits[str(number)] = nn.Parameter(torch.tensor([log(starts[i]) for i in self._free[number]]))

    def forward(self) -> dict[int, Tensor]:
        """By clause, the log-probabilities of its heads and of none of them."""
        found: dict[int, Tensor] = {}
        for number, free in self._free.items():
            logits = self.logits[str(number)]
            known = logits.new_tensor(self._fixed[number])
            left = torch.log1p(-known.exp().sum())
            places = torch.tensor(free, device=logits.device)
            found[number] = known.index_put((places,), left + logits.log_softmax(dim=0))
        return found


def _starts(clause: Clause, where: str) -> tuple[list[float], list[bool]]:
    """What each head starts with, and none of them; and which of these are learned."""
    told, learned, rest = stated(clause, where)
    unset = told.count(None)
    if len(told) == 1:
        starts = [0.5 if told[0] is None else told[0]]
    else:
        starts = [rest / unset if p is None else p for p in told]
    none = max(0.0, 1.0 - sum(starts))
    return [*starts, none], [*learned, none > LEAST]
