"""Pictures to spikes to symbols."""

from .architectures import (
    ArchitectureError as ArchitectureError,
    Preset as Preset,
    SpikingResNet as SpikingResNet,
    SpikingTransformer as SpikingTransformer,
    SpikingVGG as SpikingVGG,
    alignment_loss as alignment_loss,
    build as build,
    count_parameters as count_parameters,
    preset as preset,
    presets as presets,
    recorded_spikes as recorded_spikes,
    start_as_identity as start_as_identity,
    to_nir_graph as to_nir_graph,
    weighted_inputs as weighted_inputs,
    write_network_nir as write_network_nir,
)
from .architectures.normalization import (
    NORMS as NORMS,
    TemporalBatchNorm as TemporalBatchNorm,
    ThresholdBatchNorm as ThresholdBatchNorm,
    settle_norms as settle_norms,
)
from .capabilities import Entry as Entry, catalogue as catalogue
from .conversion import (
    CONVERSION_METHODS as CONVERSION_METHODS,
    ConversionError as ConversionError,
    ConversionWarning as ConversionWarning,
    ConvertedLayer as ConvertedLayer,
    ConvertedNetwork as ConvertedNetwork,
    EarlyExit as EarlyExit,
    Method as Method,
    SpikeActivity as SpikeActivity,
    calibrate_exit as calibrate_exit,
    convert as convert,
    exit_curve as exit_curve,
    fuse_beta as fuse_beta,
    fuse_heads as fuse_heads,
    prepare as prepare,
)
from .conversion.storing import (
    load_converted as load_converted,
    read_notes as read_notes,
    save_converted as save_converted,
)
from .datasets import (
    DATASETS as DATASETS,
    Dataset as Dataset,
    DatasetError as DatasetError,
    FolderOptions as FolderOptions,
    LayoutWarning as LayoutWarning,
    Preparation as Preparation,
    hold_out as hold_out,
    load_dataset as load_dataset,
    read_idx as read_idx,
)
from .datasets.mnist import (
    Digits as Digits,
    Pairs as Pairs,
    load_digits as load_digits,
    pair_digits as pair_digits,
    split_digits as split_digits,
)
from .datasets.spike_patterns import make_spike_trains as make_spike_trains
from .exchange import (
    NirModule as NirModule,
    SequenceClassifier as SequenceClassifier,
    module_to_nir as module_to_nir,
    nir_to_module as nir_to_module,
    read_module_nir as read_module_nir,
    write_module_nir as write_module_nir,
)
from .integers import IntegerFormError as IntegerFormError, integer_obstacle as integer_obstacle
from .learning.dead_neurons import (
    DeadNeuronDetector as DeadNeuronDetector,
    DeadNeuronWarning as DeadNeuronWarning,
    balance_threshold as balance_threshold,
    draw_fluctuating as draw_fluctuating,
    rescale_silent as rescale_silent,
)
from .learning.losses import (
    LOSSES as LOSSES,
    SurrogateHead as SurrogateHead,
    rate_penalty as rate_penalty,
    surrogate_module_loss as surrogate_module_loss,
    temporal_loss as temporal_loss,
)
from .learning.revival import REMEDIES as REMEDIES, revive as revive
from .learning.temperature import search_temperature as search_temperature
from .memory import (
    OnlineError as OnlineError,
    StepByStep as StepByStep,
    packed_activations as packed_activations,
    recomputed as recomputed,
    step_by_step as step_by_step,
)
from .networks.activity import (
    Activity as Activity,
    LayerActivity as LayerActivity,
    measure_activity as measure_activity,
)
from .networks.board import cut_board as cut_board, draw_board as draw_board, see_cells as see_cells
from .networks.classifier import SpikingClassifier as SpikingClassifier
from .networks.integer_network import evidence_course as evidence_course, to_network as to_network
from .networks.lee import LeeNetwork as LeeNetwork
from .networks.network_catalogue import PERCEPTIONS as PERCEPTIONS
from .networks.neural import Neural as Neural
from .networks.percept import Percept as Percept, Spikes as Spikes
from .networks.perception import (
    Perception as Perception,
    PerceptionError as PerceptionError,
    check_perception as check_perception,
)
from .networks.quantised import QuantisedPerception as QuantisedPerception, quantise as quantise
from .networks.sparse_inference import zero_skipping as zero_skipping
from .networks.twin import AnalogTwin as AnalogTwin
from .networks.views import see_views as see_views
from .networks.vision import SpikingVision as SpikingVision
from .neurons import (
    NEURONS as NEURONS,
    AdaptiveLIF as AdaptiveLIF,
    AdEx as AdEx,
    CubaLIF as CubaLIF,
    Firing as Firing,
    IntegerLIF as IntegerLIF,
    IntegrateAndFire as IntegrateAndFire,
    Izhikevich as Izhikevich,
    LeakyIntegrateAndFire as LeakyIntegrateAndFire,
    LearnableSurrogateLIF as LearnableSurrogateLIF,
    MaskedParallelSpiking as MaskedParallelSpiking,
    MultiThresholdLIF as MultiThresholdLIF,
    Neuron as Neuron,
    NeuronError as NeuronError,
    ParallelSpiking as ParallelSpiking,
    ParametricLIF as ParametricLIF,
    RefractoryLIF as RefractoryLIF,
    SlidingParallelSpiking as SlidingParallelSpiking,
    integrate_and_fire as integrate_and_fire,
    neuron as neuron,
)
from .neurons.surrogates import (
    SURROGATES as SURROGATES,
    Surrogate as Surrogate,
    SurrogateError as SurrogateError,
    arctan as arctan,
    asymmetric as asymmetric,
    dspike as dspike,
    erf as erf,
    fast_sigmoid as fast_sigmoid,
    named_surrogate as named_surrogate,
    rectangular as rectangular,
    sigmoid as sigmoid,
    spike as spike,
    straight_through as straight_through,
    to_surrogate as to_surrogate,
    triangular as triangular,
)
from .pictures.augmentation import augment as augment
from .pictures.blending import Blended as Blended, blend as blend
from .pictures.coding import (
    ENCODERS as ENCODERS,
    CodingError as CodingError,
    delta_code as delta_code,
    direct_code as direct_code,
    encode_as as encode_as,
    latency_code as latency_code,
    phase_code as phase_code,
    rate_code as rate_code,
)
from .pictures.colour_augmentation import augment_colours as augment_colours
from .pictures.encoding import encode as encode, levels as levels
from .pictures.picture import (
    PictureError as PictureError,
    check_pictures as check_pictures,
    read_picture as read_picture,
)
from .pictures.saccades import saccade_events as saccade_events
from .plasticity.clustering import cluster_by_stdp as cluster_by_stdp
from .plasticity.competition import CompetitiveRule as CompetitiveRule, learn_by_competition as learn_by_competition
from .plasticity.first_spike import (
    PlasticityRule as PlasticityRule,
    convergence as convergence,
    latencies as latencies,
    learn_kernels as learn_kernels,
    plasticity_step as plasticity_step,
    to_initial_layer as to_initial_layer,
)
from .plasticity.homeostasis import (
    adapt_thresholds as adapt_thresholds,
    normalize_weights as normalize_weights,
    scale_synapses as scale_synapses,
)
from .plasticity.network import (
    StdpLayer as StdpLayer,
    StdpNetwork as StdpNetwork,
    difference_of_gaussians as difference_of_gaussians,
    learn_network as learn_network,
    network_features as network_features,
    network_latencies as network_latencies,
    two_layers as two_layers,
)
from .plasticity.pretraining import (
    Pretraining as Pretraining,
    pretrain as pretrain,
    pretrain_first_layer as pretrain_first_layer,
)
from .plasticity.reward import (
    Decisions as Decisions,
    RewardRule as RewardRule,
    decide as decide,
    learn_decisions as learn_decisions,
    learn_rewarded as learn_rewarded,
)
from .plasticity.rule_catalogue import RULES as RULES
from .plasticity.timing import (
    PlasticityError as PlasticityError,
    TimingRule as TimingRule,
    learn_timing as learn_timing,
    learn_timing_kernels as learn_timing_kernels,
    pair_change as pair_change,
)
from .proved_conversion import (
    LevelPerception as LevelPerception,
    level_perception as level_perception,
    packaged_network as packaged_network,
)
from .recordings import (
    Events as Events,
    RecordingError as RecordingError,
    RecordingWarning as RecordingWarning,
    bin_events as bin_events,
    read_events as read_events,
)
from .sparsity import SpikeConv2d as SpikeConv2d, spike_convolution as spike_convolution
from .streaming import (
    Sighting as Sighting,
    Stream as Stream,
    StreamError as StreamError,
    StreamState as StreamState,
)
from .temporal import (
    Delay as Delay,
    DelayedLinear as DelayedLinear,
    LeakyReadout as LeakyReadout,
    MemoryLayer as MemoryLayer,
    OneToOne as OneToOne,
    Recurrent as Recurrent,
    TimeDistributed as TimeDistributed,
)
from .time_graph import GraphError as GraphError, TimeGraph as TimeGraph, trace_over_time as trace_over_time
