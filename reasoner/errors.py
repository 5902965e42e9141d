"""What can go wrong between a program and its answers."""

from logic.errors import NeurosymError


class ProgramError(NeurosymError, ValueError):
    """A program that cannot be read, is unsafe, or means nothing; names source, line and column."""


class PlainPrologError(ProgramError):
    """A program that states no probability, and calls what only a run can do; `run_goal` runs such programs."""


class QueryError(NeurosymError, ValueError):
    """A query that the program cannot answer, or an answer asked for that it does not have."""


class NotPostedError(ProgramError, QueryError):
    """A constraint program that does more than post constraints; `run_goal` runs such programs."""


class NoAnswer(QueryError):
    """A query that is false whatever the symbols are."""


class SubqueryError(QueryError):
    """A program that asks for the probability of a goal as it is grounded, before that is known.

    Attributes:
        goal: Its text.
        given: The goals that are given, as the text of a conjunction.
    """

    def __init__(self, message: str, goal: str, given: str) -> None:
        super().__init__(message)
        self.goal, self.given = goal, given


class ComputedError(QueryError):
    """A program that calls Python predicates as it is grounded, before their answers are known.

    Attributes:
        calls: The text of a list of compounds.
    """

    def __init__(self, message: str, calls: str) -> None:
        super().__init__(message)
        self.calls = calls


class CountingError(NeurosymError, ValueError):
    """A circuit that cannot be counted exactly, or beliefs that do not fit it."""


class SamplingError(NeurosymError, RuntimeError):
    """Samples that tell nothing, such as none in which the evidence holds."""


class ProofError(NeurosymError, RuntimeError):
    """A proof that did not stand up when it was replayed."""


class MeaningError(NeurosymError, ValueError):
    """A rule whose meaning cannot be written as a formula over the integers."""


class PrologError(NeurosymError, RuntimeError):
    """SWI-Prolog failed in a way that no other error names."""


class PrologMissing(PrologError):
    """SWI-Prolog or its bridge is not installed."""


class PrologLimit(PrologError):
    """A limit on inferences, memory or answers was reached."""


class PrologTimeout(PrologLimit):
    """The time limit was reached."""
