"""Runs a network in Lava's fixed-point model of Loihi neurons: thresholds that must be passed, even 8-bit weights.

All neurons that forget are one LIF at the highest of their thresholds, lower ones being biases; those that retain their
membrane are one LIF for each threshold. A connection takes a step by itself, so a delay of ``d`` is written ``d - 1``;
parallel synapses stand in matrices of their own. Lava asks for Python below 3.11; on 3.11 it needs ``dataclasses`` to
accept defaults that cannot be hashed, as they did before.
"""

# They lie in the environment of the simulator alone.
# pyright: reportMissingImports=false

import dataclasses
import sys
import time
import warnings
from importlib.metadata import version

import numpy as np
from exchange import Task, finish, in_parts
from scipy.sparse import csr_matrix


def accept_defaults() -> None:
    """Lets data classes have defaults of any kind but lists, dictionaries and sets, as before Python 3.11."""
    get = dataclasses._get_field  # type: ignore[attr-defined]

    def get_field(cls: type, name: str, kind: object, keywords: bool) -> object:
        default = getattr(cls, name, dataclasses.MISSING)
        held = default.default if isinstance(default, dataclasses.Field) else default
        plain = held is not dataclasses.MISSING and not isinstance(held, (list, dict, set))
        if not (plain and held.__class__.__hash__ is None):
            return get(cls, name, kind, keywords)
        changed = type(held.__class__.__name__, (held.__class__,), {"__hash__": object.__hash__})
        if isinstance(default, dataclasses.Field):
            default.default = _like(held, changed)
        else:
            setattr(cls, name, _like(held, changed))
        return get(cls, name, kind, keywords)

    dataclasses._get_field = get_field  # type: ignore[attr-defined]


def _like(held: object, changed: type) -> object:
    copy = object.__new__(changed)
    copy.__dict__.update(held.__dict__)
    return copy


def once(task: Task, wide: dict[str, np.ndarray], lines: np.ndarray) -> np.ndarray:
    """Spikes ``[steps, neurons]`` of some copies of the network."""
    from lava.magma.core.run_conditions import RunSteps
    from lava.magma.core.run_configs import Loihi2SimCfg
    from lava.proc.io.sink import RingBuffer as Sink
    from lava.proc.io.source import RingBuffer as Source
    from lava.proc.lif.process import LIF
    from lava.proc.sparse.process import DelaySparse, Sparse

    inputs = lines.shape[1]
    given = np.zeros((inputs, task.steps), np.int32)
    given[:, : min(len(lines), task.steps)] = lines[: task.steps].T
    retain, threshold, bias = wide["retain"].astype(bool), wide["threshold"].copy(), wide["bias"].copy()
    if not retain.all():
        top = int(threshold[~retain].max())
        top = max(top, 2)
        bias[~retain] += top - threshold[~retain]
        threshold[~retain] = top
    if np.abs(bias).max(initial=0) > 4095:
        raise ValueError("a bias needs more than the 13 bits of its mantissa")
    kinds, kind = np.unique(np.stack([retain, threshold]), axis=1, return_inverse=True)
    kind = kind.ravel()
    place = np.zeros(len(kind), np.int64)
    groups = []
    for number, (keeps, limit) in enumerate(kinds.T.tolist()):
        members = np.flatnonzero(kind == number)
        place[members] = np.arange(len(members))
        cells = LIF(
            shape=(len(members),),
            du=4095,
            dv=0 if keeps else 4096,
            vth=int(limit) - 1,
            bias_mant=bias[members].astype(np.int32),
            bias_exp=np.full(len(members), 6, np.int32),
            v=(64 * wide["initial"][members] * bool(keeps)).astype(np.int32),
        )
        groups.append((cells, members))
    source = Source(data=given)
    pre, post, weight, delay = (wide[name].astype(np.int64) for name in ("pre", "post", "weight", "delay"))
    origin = np.where(pre < inputs, -1, kind[np.maximum(pre - inputs, 0)])
    index = np.where(pre < inputs, pre, place[np.maximum(pre - inputs, 0)])
    late = delay > 1
    rank = _ranks(np.stack([pre, post, late]))
    for start, target, waits, _ in np.unique(np.stack([origin, kind[post], late, rank]), axis=1).T.tolist():
        chosen = (origin == start) & (kind[post] == target) & (late == waits) & (rank == _)
        sender = source if start < 0 else groups[start][0]
        shape = (len(groups[target][1]), inputs if start < 0 else len(groups[start][1]))
        ends = (place[post[chosen]], index[chosen])
        weights = csr_matrix((weight[chosen].astype(np.int32), ends), shape=shape)
        if waits:
            delays = csr_matrix((delay[chosen] - 1, ends), shape=shape)
            link = DelaySparse(weights=weights, delays=delays)
        else:
            link = Sparse(weights=weights)
        sender.s_out.connect(link.s_in)
        link.a_out.connect(groups[target][0].a_in)
    sinks = []
    for cells, members in groups:
        sink = Sink(shape=(len(members),), buffer=task.steps)
        cells.s_out.connect(sink.a_in)
        sinks.append((sink, members))
    first = groups[0][0]
    first.run(condition=RunSteps(num_steps=task.steps), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    trains = np.zeros((task.steps, len(kind)), np.uint8)
    for sink, members in sinks:
        trains[:, members] = sink.data.get().T.astype(np.uint8)
    first.stop()
    return trains


def _ranks(columns: np.ndarray) -> np.ndarray:
    """How many equal columns come before each."""
    _, group = np.unique(columns, axis=1, return_inverse=True)
    group = group.ravel()
    order = np.argsort(group, kind="stable")
    ranks = np.empty(len(group), np.int64)
    ranks[order] = np.arange(len(group)) - np.searchsorted(group[order], group[order])
    return ranks


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    accept_defaults()
    started, task = time.perf_counter(), Task(sys.argv[1])
    finish(sys.argv[2], task, in_parts(task, once), version("lava-nc"), started)
