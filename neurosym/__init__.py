"""Spiking perception, spiking logic and a reasoner in one differentiable chain."""

from importlib import import_module as _import_module
from importlib.util import find_spec as _find_spec
from pathlib import Path as _Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the public names; each is loaded when first asked for, so that `neurosym --help` stays quick
    from logic import (
        Circuit,
        CircuitBuilder,
        CircuitError,
        Conformance,
        Domain,
        DomainError,
        FileError,
        Gate,
        Literal,
        NetworkError,
        NeurosymError,
        Population,
        SpikingNetwork,
        Symbols,
        Synapses,
        Verdict,
        chain,
        compare_with_snntorch,
        compile_circuit,
        read_nir,
        simulate,
        verify,
        write_nir,
    )
    from perception import (
        AnalogTwin,
        Dataset,
        DatasetError,
        DeadNeuronDetector,
        Percept,
        PictureError,
        SpikingClassifier,
        SpikingVision,
        augment,
        cut_board,
        encode,
        load_dataset,
        load_digits,
        measure_activity,
        neuron,
        pair_digits,
        preset,
        pretrain,
        pretrain_first_layer,
        read_picture,
        revive,
        see_cells,
        split_digits,
        write_network_nir,
    )
    from reasoner import (
        DIGITS,
        Answer,
        Answers,
        Conflict,
        ConstraintProgram,
        Limits,
        MeaningError,
        Program,
        ProgramError,
        Proof,
        QueryError,
        Shortcuts,
        SlotReading,
        Solution,
        count_shortcuts,
        infer,
        prove_rule,
        solve,
    )

    from .checkpoint import (
        CheckpointError,
    )
    from .commands.doctor import (
        diagnose,
    )
    from .concepts import ConceptReport, concept_report
    from .explanation import (
        Explanation,
        explain,
    )
    from .joining import (
        rule_network,
        run_joined,
        to_spiking_network,
    )
    from .model import (
        Model,
        load_model,
        save_model,
    )
    from .profiling import profile
    from .reports.page import write_report
    from .training.deep_stdp import learn_from_clusters
    from .training.fit import (
        History,
        fit,
    )
    from .training.labelled import Labelled
    from .training.mitigation import Differing, EvenUse, FewLabels, most_even
    from .training.mixture import Mixture, average_meanings, ensemble
    from .training.savings import Savings

_HOME = {
    "logic": (
        "Circuit CircuitBuilder CircuitError Conformance Domain DomainError FileError Gate Literal "
        "NetworkError NeurosymError Population SpikingNetwork Symbols Synapses Verdict chain "
        "compare_with_snntorch compile_circuit read_nir simulate verify write_nir"
    ),
    "perception": (
        "AnalogTwin Dataset DatasetError DeadNeuronDetector Percept PictureError SpikingClassifier "
        "SpikingVision augment cut_board encode load_dataset load_digits measure_activity neuron pair_digits "
        "preset pretrain pretrain_first_layer read_picture revive see_cells split_digits write_network_nir"
    ),
    "reasoner": (
        "DIGITS Answer Answers Conflict ConstraintProgram Limits MeaningError Program ProgramError Proof QueryError "
        "Shortcuts SlotReading Solution count_shortcuts infer prove_rule solve"
    ),
    "neurosym.checkpoint": ("CheckpointError"),
    "neurosym.training.deep_stdp": "learn_from_clusters",
    "neurosym.concepts": "ConceptReport concept_report",
    "neurosym.commands.doctor": ("diagnose"),
    "neurosym.explanation": ("Explanation explain"),
    "neurosym.joining": "rule_network run_joined to_spiking_network",
    "neurosym.training.labelled": "Labelled",
    "neurosym.profiling": "profile",
    "neurosym.training.mitigation": "Differing EvenUse FewLabels most_even",
    "neurosym.training.mixture": "Mixture average_meanings ensemble",
    "neurosym.model": ("Model load_model save_model"),
    "neurosym.reports.page": ("write_report"),
    "neurosym.training.savings": "Savings",
    "neurosym.training.fit": ("History fit"),
}
_MODULE_OF = {name: module for module, names in _HOME.items() for name in names.split()}

__all__ = [
    "DIGITS",
    "AnalogTwin",
    "Answer",
    "Answers",
    "CheckpointError",
    "Circuit",
    "CircuitBuilder",
    "CircuitError",
    "ConceptReport",
    "Conflict",
    "Conformance",
    "ConstraintProgram",
    "Dataset",
    "DatasetError",
    "DeadNeuronDetector",
    "Differing",
    "Domain",
    "DomainError",
    "EvenUse",
    "Explanation",
    "FewLabels",
    "FileError",
    "Gate",
    "History",
    "Labelled",
    "Limits",
    "Literal",
    "MeaningError",
    "Mixture",
    "Model",
    "NetworkError",
    "NeurosymError",
    "Percept",
    "PictureError",
    "Population",
    "Program",
    "ProgramError",
    "Proof",
    "QueryError",
    "Savings",
    "Shortcuts",
    "SlotReading",
    "Solution",
    "SpikingClassifier",
    "SpikingNetwork",
    "SpikingVision",
    "Symbols",
    "Synapses",
    "Verdict",
    "augment",
    "average_meanings",
    "chain",
    "compare_with_snntorch",
    "compile_circuit",
    "concept_report",
    "count_shortcuts",
    "cut_board",
    "diagnose",
    "encode",
    "ensemble",
    "explain",
    "fit",
    "infer",
    "learn_from_clusters",
    "load_dataset",
    "load_digits",
    "load_model",
    "measure_activity",
    "most_even",
    "neuron",
    "pair_digits",
    "preset",
    "pretrain",
    "pretrain_first_layer",
    "profile",
    "prove_rule",
    "read_nir",
    "read_picture",
    "revive",
    "rule_network",
    "run_joined",
    "save_model",
    "see_cells",
    "simulate",
    "solve",
    "split_digits",
    "to_spiking_network",
    "verify",
    "write_network_nir",
    "write_nir",
    "write_report",
]  # fmt: skip


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module 'neurosym' has no attribute {name!r}")
    return getattr(_import_module(_MODULE_OF[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)


def _refuse_strangers() -> None:
    """Say so when another module that bears the name of one of our packages stands before it on ``sys.path``."""
    home = _Path(__file__).resolve().parent.parent
    for name in ("logic", "perception", "reasoner"):
        spec = _find_spec(name)
        found = spec.origin if spec else None
        if not found or _Path(found).resolve().parent != home / name:
            raise ImportError(
                f"neurosym needs its own package '{name}' ({home / name}), but Python finds {found or 'nothing'}. "
                f"Rename that module, or run with 'python -P' so that the script's folder is not searched first."
            )


_refuse_strangers()
