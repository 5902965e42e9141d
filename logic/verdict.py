"""What a proof attempt found: it holds, it does not (with a counterexample), or the budget ran out."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Verdict:
    """Three-valued result of a verification.

    Args:
        holds: True (proved for all inputs), False (refuted), or None (out of budget).
        claim: What was to be shown, in words.
        counterexample: Input name to value, when refuted.
        seconds: Wall time spent.
        detail: What the checker found, in words.
    """

    holds: bool | None
    claim: str
    counterexample: dict[str, int] | None = None
    seconds: float = 0.0
    detail: str = ""

    def __str__(self) -> str:
        word = {True: "PROVED", False: "REFUTED", None: "UNKNOWN"}[self.holds]
        return f"{word}: {self.claim}" + (f" ({self.detail})" if self.detail else "")
