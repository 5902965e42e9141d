"""Pictures to spikes to symbols."""

from .activity import Activity as Activity, LayerActivity as LayerActivity, measure_activity as measure_activity
from .augmentation import augment as augment
from .classifier import SpikingClassifier as SpikingClassifier
from .encoding import encode as encode, levels as levels
from .lee import LeeNetwork as LeeNetwork
from .mnist import (
    Digits as Digits,
    Pairs as Pairs,
    load_digits as load_digits,
    pair_digits as pair_digits,
    split_digits as split_digits,
)
from .neuron import integrate_and_fire as integrate_and_fire
from .percept import Percept as Percept, Spikes as Spikes
from .picture import PictureError as PictureError, check_pictures as check_pictures, read_picture as read_picture
from .pretraining import Pretraining as Pretraining, pretrain as pretrain, pretrain_first_layer as pretrain_first_layer
from .race import racer_membranes as racer_membranes, to_network as to_network
from .stdp import (
    PlasticityRule as PlasticityRule,
    convergence as convergence,
    latencies as latencies,
    learn_kernels as learn_kernels,
    plasticity_step as plasticity_step,
    to_initial_layer as to_initial_layer,
)
from .stdp_competition import CompetitiveRule as CompetitiveRule, learn_by_competition as learn_by_competition
from .stdp_rules import (
    PlasticityError as PlasticityError,
    TimingRule as TimingRule,
    learn_timing as learn_timing,
    learn_timing_kernels as learn_timing_kernels,
    pair_change as pair_change,
)
from .surrogate import (
    Surrogate as Surrogate,
    arctan as arctan,
    fast_sigmoid as fast_sigmoid,
    triangular as triangular,
)
from .twin import AnalogTwin as AnalogTwin
