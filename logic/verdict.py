"""What a proof attempt found: it holds, it does not (with a counterexample), or the budget ran out."""

from dataclasses import dataclass
from html import escape


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

    @property
    def word(self) -> str:
        """``PROVED``, ``REFUTED`` or ``UNKNOWN``."""
        return {True: "PROVED", False: "REFUTED", None: "UNKNOWN"}[self.holds]

    def __str__(self) -> str:
        return f"{self.word}: {self.claim}" + (f" ({self.detail})" if self.detail else "")

    def __repr__(self) -> str:
        shown = "" if self.counterexample is None else f"\n  counterexample  {self._assignment(8)}"
        return f"{self}\n  seconds         {self.seconds:.3g}{shown}"

    def _repr_html_(self) -> str:
        """A line and a small table for notebooks."""
        rows = [("claim", self.claim), ("found", self.detail), ("seconds", f"{self.seconds:.3g}")]
        if self.counterexample is not None:
            rows.append(("counterexample", self._assignment(40)))
        cells = "".join(f"<tr><th>{name}</th><td>{escape(text)}</td></tr>" for name, text in rows)
        return f"<b>{self.word}</b><table>{cells}</table>"

    def _assignment(self, most: int) -> str:
        """The first values of the counterexample."""
        values = [f"{name} = {value}" for name, value in (self.counterexample or {}).items()]
        return ", ".join(values[:most]) + (f", ... ({len(values)})" if len(values) > most else "")
