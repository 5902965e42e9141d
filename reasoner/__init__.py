"""Programs, queries, answers and their proofs."""

from .counting import Counter as Counter, prepare as prepare
from .errors import (
    CountingError as CountingError,
    MeaningError as MeaningError,
    ProgramError as ProgramError,
    PrologError as PrologError,
    PrologLimit as PrologLimit,
    PrologMissing as PrologMissing,
    PrologTimeout as PrologTimeout,
    ProofError as ProofError,
    QueryError as QueryError,
)
from .grounding import Grounding as Grounding, Slot as Slot, SlotValue as SlotValue, ground as ground
from .inference import Answers as Answers, infer as infer
from .program import DIGITS as DIGITS, Clause as Clause, Program as Program
from .prolog import Limits as Limits
