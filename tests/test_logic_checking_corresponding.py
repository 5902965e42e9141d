"""Corresponding signals, and what they leave to other engines, against an enumeration of all states."""

from collections import Counter

import numpy as np

from logic import Role
from logic.checking.corresponding import as_circuit, correspond_with_false
from logic.checking.invariant_checker import check_invariant
from logic.checking.reachability import Reachability
from logic.checking.trace import Invariant
from logic.watch import Watch
from tasks.properties.property_families import families

from .explicit_states import holding, random_machine


def test_what_correspondence_says_and_leaves_is_right() -> None:
    seen = Counter[str]()
    for seed in range(40):
        circuit = random_machine(seed)
        expected = holding(circuit)
        for one in circuit.properties:
            if one.role is not Role.BAD or not circuit.register_names:
                continue
            found = correspond_with_false(circuit, one.outputs[0], Watch.of(60))
            if found.decision.difference is not None:
                assert not expected[one.name]
                seen["difference"] += 1
            elif found.left is not None:
                assert found.refused(None) == ""
                answer = Reachability(found.left).advance(float("inf"))
                assert isinstance(answer, Invariant) is expected[one.name]
                if isinstance(answer, Invariant):
                    assert check_invariant(as_circuit(found.left), 0, answer) == ""
                seen["left"] += 1
            elif found.certificate is not None:
                assert expected[one.name]
                assert found.refused(None) == ""
                seen["proved"] += 1
    assert min(seen["difference"], seen["proved"]) > 5


def test_a_changed_certificate_of_what_is_left_is_refused() -> None:
    found = correspond_with_false(families()["arbiter-8"], 0, Watch.of(60))
    assert found.left is not None
    assert found.certificate is not None
    assert found.refused(None) == ""
    last = found.certificate.stages[-1]
    following = last.machine.following.copy()
    following[0] ^= 1
    changed = last._replace(machine=last.machine._replace(following=following))
    stages = (*found.certificate.stages[:-1], changed)
    assert found._replace(certificate=found.certificate._replace(stages=stages)).refused(None)
    heads = np.array(last.representative)
    heads[len(last.machine.inputs) + 2] = len(last.machine.inputs) + 1  # two registers of one class, which is wrong
    stages = (*found.certificate.stages[:-1], last._replace(representative=heads))
    assert found._replace(certificate=found.certificate._replace(stages=stages)).refused(None)
    assert found._replace(left=None).refused(None) == "a pair is left open"
    assert found._replace(certificate=None).refused(None) == "there is none"
