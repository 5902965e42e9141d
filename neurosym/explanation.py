"""Why an answer was given: what was seen and how surely, by which spikes, and which proof leads from there."""

from dataclasses import dataclass
from math import exp

import torch
from torch import Tensor

from logic import Symbols
from reasoner import Answer, Contrast, explain as explain_answers, to_dict, to_text

from .model import Model


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


@dataclass(frozen=True, eq=False)
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


def explain(model: Model, pictures: Tensor, top: int = 2) -> Explanation:
    """The best answers to the model's query for one sample, with proofs that Prolog has replayed.

    Args:
        model: With a spiking classifier.
        pictures: ``[N, 1, H, W]``.
        top: How many answers.

    Raises:
        PictureError: if the pictures have another shape.
        QueryError: if the rules ask for more slots than there are pictures.
        ProofError: if a proof does not hold when it is replayed.
    """
    with torch.no_grad():
        percept = model.perception(pictures[None])
    answers = explain_answers(model.program, model.query, percept.symbols, top=top)
    sights = tuple(
        Sight(
            slot,
            _shares(percept.symbols, slot),
            {name: int(train[:, slot].sum()) for name, train in percept.spikes.items() if name != "input"},
        )
        for slot in range(percept.symbols.slots)
    )
    return Explanation(model.query, sights, tuple(answers))


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
