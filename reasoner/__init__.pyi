"""Programs, queries, answers and their proofs."""

from .assignments.most_probable_answers import (
    Assignment as Assignment,
    most_probable_answers as most_probable_answers,
)
from .assignments.most_probable_world import World as World, most_probable as most_probable
from .constraints import (
    Conflict as Conflict,
    ConstraintProgram as ConstraintProgram,
    SlotReading as SlotReading,
    Solution as Solution,
    solve as solve,
)
from .counting.bounds import Bounds as Bounds, Budget as Budget, bound as bound
from .counting.counter import Counter as Counter, prepare as prepare
from .counting.inference import Answers as Answers, infer as infer
from .counting.questions import (
    RankedWorld as RankedWorld,
    best_worlds as best_worlds,
    evaluate as evaluate,
    number_of_worlds as number_of_worlds,
    world_entropy as world_entropy,
)
from .counting.semirings import Semiring as Semiring
from .decisions.deciding import Decision as Decision, decide as decide
from .errors import (
    CountingError as CountingError,
    MeaningError as MeaningError,
    NotPostedError as NotPostedError,
    ProgramError as ProgramError,
    PrologError as PrologError,
    PrologLimit as PrologLimit,
    PrologMissing as PrologMissing,
    PrologTimeout as PrologTimeout,
    ProofError as ProofError,
    QueryError as QueryError,
    SamplingError as SamplingError,
)
from .grounding.grounding import Grounding as Grounding, Slot as Slot, SlotValue as SlotValue, ground as ground
from .grounding.writing import ground_graph as ground_graph, ground_text as ground_text
from .learning.expectation import Learned as Learned, learn_from_interpretations as learn_from_interpretations
from .learning.interpretations import (
    interpretation as interpretation,
    parse_interpretations as parse_interpretations,
    read_interpretations as read_interpretations,
)
from .meaning.readout import (
    answer_bits as answer_bits,
    answer_circuit as answer_circuit,
    answer_lines as answer_lines,
    read_code as read_code,
)
from .meaning.rule_proof import (
    prove_answers as prove_answers,
    prove_grounded as prove_grounded,
    prove_rule as prove_rule,
)
from .meaning.shortcuts import (
    Meaning as Meaning,
    Reading as Reading,
    Shortcuts as Shortcuts,
    count_shortcuts as count_shortcuts,
)
from .meaning.unfolding import rule_formula as rule_formula, slot_bounds as slot_bounds
from .prolog.border import Limits as Limits
from .prolog.program import DIGITS as DIGITS, Clause as Clause, Program as Program
from .prolog.tables import facts_of as facts_of
from .prolog.terms import Value as Value
from .proofs.explanation import (
    Answer as Answer,
    Change as Change,
    Contrast as Contrast,
    RankedProof as RankedProof,
    best_proofs as best_proofs,
    explain as explain,
    explain_queries as explain_queries,
)
from .proofs.proof import Proof as Proof
from .proofs.rendering import to_dict as to_dict, to_dot as to_dot, to_svg as to_svg, to_text as to_text
from .running.running import GoalAnswer as GoalAnswer, run_goal as run_goal
from .sampling.grounded import ground_stated as ground_stated
from .sampling.sampler import Estimate as Estimate, Samples as Samples, sample as sample
from .searching import (
    SpikingSolution as SpikingSolution,
    compile_search as compile_search,
    solve_in_spikes as solve_in_spikes,
)
