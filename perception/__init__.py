"""Pictures to spikes to symbols."""

from .activity import Activity as Activity, LayerActivity as LayerActivity, measure_activity as measure_activity
from .augmentation import augment as augment
from .board import cut_board as cut_board, draw_board as draw_board, see_cells as see_cells
from .classifier import SpikingClassifier as SpikingClassifier
from .encoding import encode as encode, levels as levels
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
from .pretraining import pretrain_first_layer as pretrain_first_layer
from .race import racer_membranes as racer_membranes, to_network as to_network
from .stdp import (
    PlasticityRule as PlasticityRule,
    convergence as convergence,
    latencies as latencies,
    learn_kernels as learn_kernels,
    plasticity_step as plasticity_step,
    to_initial_layer as to_initial_layer,
)
from .surrogate import (
    Surrogate as Surrogate,
    arctan as arctan,
    fast_sigmoid as fast_sigmoid,
    triangular as triangular,
)
from .twin import AnalogTwin as AnalogTwin
