"""Spiking perception, spiking logic and a reasoner in one differentiable chain."""

import logic as circuits
import perception as vision
import reasoner as rules
from logic import (
    Circuit as Circuit,
    CircuitBuilder as CircuitBuilder,
    CircuitError as CircuitError,
    Conformance as Conformance,
    Domain as Domain,
    DomainError as DomainError,
    FileError as FileError,
    Gate as Gate,
    Literal as Literal,
    NetworkError as NetworkError,
    NeurosymError as NeurosymError,
    Population as Population,
    SpikingNetwork as SpikingNetwork,
    Symbols as Symbols,
    Synapses as Synapses,
    Verdict as Verdict,
    chain as chain,
    compare_with_snntorch as compare_with_snntorch,
    compile_circuit as compile_circuit,
    draw_circuit as draw_circuit,
    draw_network as draw_network,
    learn_circuit as learn_circuit,
    learn_gate as learn_gate,
    prove_equivalent as prove_equivalent,
    read_circuit as read_circuit,
    read_nir as read_nir,
    simulate as simulate,
    targets as targets,
    verify as verify,
    write_circuit as write_circuit,
    write_nir as write_nir,
)
from perception import (
    CONVERSION_METHODS as CONVERSION_METHODS,
    AdaptiveLIF as AdaptiveLIF,
    AnalogTwin as AnalogTwin,
    ConversionError as ConversionError,
    ConvertedNetwork as ConvertedNetwork,
    Dataset as Dataset,
    DatasetError as DatasetError,
    DeadNeuronDetector as DeadNeuronDetector,
    Delay as Delay,
    DelayedLinear as DelayedLinear,
    GraphError as GraphError,
    LeakyReadout as LeakyReadout,
    LevelPerception as LevelPerception,
    Neural as Neural,
    OneToOne as OneToOne,
    Percept as Percept,
    PictureError as PictureError,
    Recurrent as Recurrent,
    RefractoryLIF as RefractoryLIF,
    SequenceClassifier as SequenceClassifier,
    SpikingClassifier as SpikingClassifier,
    SpikingVision as SpikingVision,
    Stream as Stream,
    StreamError as StreamError,
    TimeDistributed as TimeDistributed,
    augment as augment,
    calibrate_exit as calibrate_exit,
    convert as convert,
    cut_board as cut_board,
    encode as encode,
    level_perception as level_perception,
    load_converted as load_converted,
    load_dataset as load_dataset,
    load_digits as load_digits,
    make_spike_trains as make_spike_trains,
    measure_activity as measure_activity,
    module_to_nir as module_to_nir,
    neuron as neuron,
    nir_to_module as nir_to_module,
    packaged_network as packaged_network,
    pair_digits as pair_digits,
    prepare as prepare,
    preset as preset,
    pretrain as pretrain,
    pretrain_first_layer as pretrain_first_layer,
    read_module_nir as read_module_nir,
    read_picture as read_picture,
    revive as revive,
    saccade_events as saccade_events,
    save_converted as save_converted,
    see_cells as see_cells,
    split_digits as split_digits,
    write_module_nir as write_module_nir,
    write_network_nir as write_network_nir,
)
from reasoner import (
    DIGITS as DIGITS,
    Answer as Answer,
    Answers as Answers,
    Budget as Budget,
    Conflict as Conflict,
    ConstraintProgram as ConstraintProgram,
    GoalAnswer as GoalAnswer,
    Limits as Limits,
    MeaningError as MeaningError,
    Program as Program,
    ProgramError as ProgramError,
    Proof as Proof,
    QueryError as QueryError,
    Shortcuts as Shortcuts,
    SlotReading as SlotReading,
    Solution as Solution,
    SpikingSolution as SpikingSolution,
    compile_search as compile_search,
    count_shortcuts as count_shortcuts,
    decide as decide,
    explain_queries as explain_queries,
    infer as infer,
    learn_from_interpretations as learn_from_interpretations,
    most_probable as most_probable,
    most_probable_answers as most_probable_answers,
    prove_answers as prove_answers,
    prove_rule as prove_rule,
    run_goal as run_goal,
    sample as sample,
    solve as solve,
    solve_in_spikes as solve_in_spikes,
)

from .checkpoint import CheckpointError as CheckpointError
from .commands.doctor import diagnose as diagnose
from .concepts import ConceptReport as ConceptReport, concept_report as concept_report
from .explanation import (
    Explanation as Explanation,
    explain as explain,
)
from .inputs import InputError as InputError
from .joined.board_search import BoardSearch as BoardSearch, Sighting as Sighting, to_board_search as to_board_search
from .joined.joined_proof import JoinedVerdict as JoinedVerdict, prove_joined as prove_joined
from .joined.joining import (
    joined_spikes as joined_spikes,
    read_answers as read_answers,
    rule_network as rule_network,
    run_joined as run_joined,
    to_spiking_network as to_spiking_network,
)
from .likelihood import ImpossibleAnswer as ImpossibleAnswer
from .loading import load as load
from .many.executors import RayExecutor as RayExecutor
from .many.mapping import map as map
from .many.outcome import Outcome as Outcome
from .model import Model as Model
from .predicting import Prediction as Prediction, Predictor as Predictor, load_predictor as load_predictor
from .profiling import profile as profile
from .reports.page import write_report as write_report
from .samples import Batch as Batch, Sample as Sample, SampleError as SampleError, collate as collate
from .saving import load_model as load_model, save_model as save_model
from .streams.opening import frames_of as frames_of, stream as stream
from .streams.state_files import load_stream_state as load_stream_state, save_stream_state as save_stream_state
from .training.deep_stdp import learn_from_clusters as learn_from_clusters
from .training.fit import (
    History as History,
    TrainingWarning as TrainingWarning,
    fit as fit,
)
from .training.labelled import Labelled as Labelled
from .training.mitigation import (
    Differing as Differing,
    EvenUse as EvenUse,
    FewLabels as FewLabels,
    most_even as most_even,
)
from .training.mixture import Mixture as Mixture, average_meanings as average_meanings, ensemble as ensemble
from .training.recipe import Recipe as Recipe
from .training.savings import Savings as Savings

__all__ = ["circuits", "rules", "vision"]
