"""Why an answer was given: what was seen and how surely, by which spikes, and which proof leads from there."""

from dataclasses import dataclass
from html import escape
from math import exp
from typing import Any, cast

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from logic import Symbols
from perception import PictureError
from reasoner import Answer, Contrast, explain as explain_answers, to_dict, to_text

from .inputs import as_seen
from .model import Model, check_model, shorten


@dataclass(frozen=True, eq=False)
class Sight:
    """What was seen in one slot.

    Args:
        slot: Number of the picture, from 0.
        probabilities: Value to probability, the likeliest first.
        spikes: Spikes by layer that this picture caused, over all steps.
    """

    slot: int
    probabilities: dict[int | str, float]
    spikes: dict[str, int]

    @property
    def value(self) -> int | str:
        """The likeliest value."""
        return next(iter(self.probabilities))


@dataclass(frozen=True, eq=False, repr=False)
class Explanation:
    """An explained answer.

    Args:
        query: What was asked.
        sights: What was seen, one for each picture.
        answers: The best answers with their proofs, the best first.
    """

    query: str
    sights: tuple[Sight, ...]
    answers: tuple[Answer, ...]

    def __repr__(self) -> str:
        best = [f"{shorten(answer.atom)} with {answer.probability:.1%}" for answer in self.answers[:1]]
        return f"Explanation({shorten(self.query)}: {''.join(best) or 'no answer'}, of {len(self.sights)} pictures)"

    def __str__(self) -> str:
        return self.to_text()

    def _repr_html_(self) -> str:
        """For notebooks: the same lines."""
        return f"<pre>{escape(self.to_text())}</pre>"

    def to_text(self) -> str:
        """The explanation as lines to read."""
        lines = [f"question: {self.query}"]
        for sight in self.sights:
            best = list(sight.probabilities.items())[:3]
            beliefs = ", ".join(f"{value} with {share:.1%}" for value, share in best)
            lines.append(f"picture {sight.slot}: {beliefs} ({sum(sight.spikes.values())} spikes)")
        for rank, answer in enumerate(self.answers):
            word = "answer" if rank == 0 else "otherwise"
            lines += [
                f"{word}: {answer.atom} with {answer.probability:.1%}, because",
                to_text(answer.proof, "  "),
            ]
            if answer.contrast is not None:
                lines.append(f"  for this to hold, {_contrast_text(answer.contrast)}")
        return "\n".join(lines)

    def to_json(self) -> dict[str, object]:
        """The explanation as what JSON can say."""
        return {
            "query": self.query,
            "pictures": [
                {
                    "slot": sight.slot,
                    "probabilities": {str(value): share for value, share in sight.probabilities.items()},
                    "spikes": sight.spikes,
                }
                for sight in self.sights
            ],
            "answers": [
                {
                    "answer": answer.atom,
                    "probability": answer.probability,
                    "proof": to_dict(answer.proof),
                    "posterior": {
                        f"{name}({slot})": {str(value): share for value, share in shares.items()}
                        for (name, slot), shares in answer.posterior.items()
                    },
                    "contrast": _contrast_json(answer.contrast),
                }
                for answer in self.answers
            ],
        }


def explain(model: Model, pictures: Tensor | NDArray[Any], top: int = 2) -> Explanation:
    """The best answers to the model's query for one sample, with proofs that Prolog has replayed.

    Args:
        model: Of any perception.
        pictures: Of one sample, ``[N, C, H, W]``.
        top: How many answers.

    Raises:
        ModelTypeError: if it is no model.
        PictureError: if the pictures have another shape.
        QueryError: if the rules ask for more slots than there are pictures.
        ProofError: if a proof does not hold when it is replayed.

    Example:
        >>> from neurosym import DIGITS, Program, SpikingClassifier
        >>> rule = Program.parse("sum(S) :- digit(0, X), digit(1, Y), S is X + Y.")
        >>> model = Model(SpikingClassifier(DIGITS, 0), rule, "sum(S)")
        >>> explanation = explain(model, torch.zeros(2, 1, 28, 28), top=1)
        >>> explanation
        Explanation(sum(S): sum(9) with 10.0%, of 2 pictures)
        >>> print(explanation)
        question: sum(S)
        picture 0: 0 with 10.0%, 1 with 10.0%, 2 with 10.0% (0 spikes)
        picture 1: 0 with 10.0%, 1 with 10.0%, 2 with 10.0% (0 spikes)
        answer: sum(9) with 10.0%, because
          sum(9)   [rule, line 1: S = 9, X = 0, Y = 9]
            digit(0,0)   [seen, p = 0.100]
            digit(1,9)   [seen, p = 0.100]
            9 is 0+9   [computed]
    """
    check_model(model)
    pictures = as_seen(pictures, cast(nn.Module, model.perception))
    try:
        with torch.no_grad():
            percept = model.perception(pictures[None])
    except PictureError as fault:
        raise PictureError(
            f"pictures of shape {list(pictures.shape)} are not those of one sample, [slots, channels, height, width]; "
            f"of many samples give one, pictures[0] ({fault})"
        ) from None
    answers = explain_answers(model.program, model.goal(), percept.symbols, top=top)
    sights = tuple(
        Sight(
            slot,
            _shares(percept.symbols, slot),
            {name: int(train[:, slot].sum()) for name, train in percept.spikes.items() if name != "input"},
        )
        for slot in range(percept.symbols.slots)
    )
    return Explanation(model.goal(), sights, tuple(answers))


def _contrast_text(contrast: Contrast) -> str:
    """What would have to be seen, in half a sentence."""
    changes = " and ".join(
        f"{name}({slot}) must be {change.needed} instead of {change.read}"
        for change in contrast.changes
        for name, slot in [change.slot]
    )
    return f"{changes or 'nothing must be read otherwise'} (against odds of {_odds(contrast.cost)})"


def _odds(nats: float) -> str:
    return f"{exp(nats):,.1f} to 1" if nats < 20 else f"e^{nats:.0f} to 1"


def _contrast_json(contrast: Contrast | None) -> dict[str, object] | None:
    if contrast is None:
        return None
    return {
        "changes": [
            {"slot": f"{c.slot[0]}({c.slot[1]})", "read": c.read, "needed": c.needed, "nats": c.nats}
            for c in contrast.changes
        ],
        "cost_nats": contrast.cost,
        "gap_nats": contrast.gap,
    }


def _shares(symbols: Symbols, slot: int) -> dict[int | str, float]:
    shares = symbols.log_probs[0, slot].exp()
    return {symbols.domain.values[i]: float(shares[i]) for i in shares.argsort(descending=True).tolist()}
