"""The one question of the prover: do these two, networks or circuits, compute the same? It picks the right proof."""

from dataclasses import replace
from functools import partial
from os import PathLike, fspath
from pathlib import Path

from ..circuit import Circuit
from ..errors import CircuitError, IrregularError, NetworkError
from ..mapping import Certificate
from ..network import SpikingNetwork
from ..showing import shortened
from ..verdict import Verdict
from ..watch import Watch
from .equivalence import prove_combinational, prove_network
from .pairing import read_pairing
from .signals import agreed

# The other proofs, some of which need Z3, are loaded where they are the right ones.

SMALL = 400  # neurons of a network that Z3 may judge as one formula
Design = SpikingNetwork | Circuit | str | PathLike[str]


def verify(
    implementation: Design,
    specification: Design,
    *,
    certificate: Certificate | None = None,
    timeout: float | Watch | None = None,
    match: str | PathLike[str] | None = None,
    jobs: int = 1,
) -> Verdict:
    """Whether the implementation computes what the specification does, for all inputs and all waves.

    ==================== ============================================================================================
    network, circuit     the certificate's rows, then lifting and SAT sweeping, and Z3 for a small network that these
                         cannot judge; unfolding over the waves if paths are uneven, a loop or a membrane keeps a state
    network, registers   induction over clocked waves; random streams for a counterexample
    circuit, circuit     SAT sweeping; with registers random streams, corresponding signals, retiming and unrolling
    network, network     one is lifted to a circuit, as which it is compared with the other
    ==================== ============================================================================================

    A line of a network is matched to the circuit's signal of that name; a rail fires for its value.

    Args:
        implementation: A network, a circuit, or the path of a file that holds one (``.nir``: a network).
        specification: Likewise. The two may be given in either order.
        certificate: What the compiler says of each neuron. A hint, proved again: a wrong one costs time only.
        timeout: Seconds, the watch of a longer proof, or None for no bound. Ctrl-C ends it too, with what is known.
        match: Of two circuits, how their signals are matched; see :func:`prove_equivalent`.
        jobs: Threads that solve hard questions.

    Returns:
        The verdict; its claim states what was taken for granted of first values.

    Raises:
        NetworkError: if lines cannot be matched, or the network does not lift.
        CircuitError: if signals of two circuits cannot be matched.
        FormatError: if a file cannot be read.

    Example:
        >>> from logic import CircuitBuilder, compile_circuit
        >>> make = CircuitBuilder()
        >>> a, b = make.inputs("a", "b")
        >>> half_adder = make.build(sum=a ^ b, carry=a & b)
        >>> verify(compile_circuit(half_adder), half_adder).holds
        True
    """
    first, second = read_design(implementation), read_design(specification)
    watch = Watch.of(timeout, jobs)
    verdict = Verdict(None, "they compute the same", detail="interrupted before anything was proved")
    with watch.interruptible():
        verdict = _prove(first, second, certificate, watch, match)
    if isinstance(first, SpikingNetwork) or isinstance(second, SpikingNetwork):  # of two circuits it has been said
        for one in (first, second):
            verdict = promised(verdict, one) if isinstance(one, Circuit) else verdict
    free = [one.free_inputs if isinstance(one, Circuit) else () for one in (first, second)]
    if not any(free):
        return verdict
    names = ", ".join(dict.fromkeys((*free[0], *free[1])))
    shared = ", the same on both sides" if all(isinstance(one, Circuit) for one in (first, second)) else ""
    return replace(verdict, claim=f"{verdict.claim}, for all values of {names}, which the file leaves open{shared}")


def _prove(
    first: SpikingNetwork | Circuit,
    second: SpikingNetwork | Circuit,
    certificate: Certificate | None,
    watch: Watch,
    match: str | PathLike[str] | None,
) -> Verdict:
    if isinstance(first, Circuit):
        if isinstance(second, Circuit):
            return prove_equivalent(first, second, watch, match=match)
        first, second = second, first
    if match is not None:
        raise CircuitError(f"match={match!r} is for two circuits; a network's lines bear the names of its signals")
    if isinstance(second, SpikingNetwork):
        from .networks import prove_same

        return prove_same(first, second, watch)
    if second.dont_cares is not None:
        from .dont_cares import prove_network_up_to

        exact = verify(first, replace(second, dont_cares=None), certificate=certificate, timeout=watch)
        return exact if exact.holds else prove_network_up_to(first, second, exact, partial(verify, timeout=watch))
    if second.register_names:
        from .induction import prove_machine

        return prove_machine(first, second, None if certificate is None else certificate.literal, timeout=watch)
    return _prove_waves(first, second, certificate, watch)


def prove_equivalent(
    impl: Circuit,
    spec: Circuit,
    timeout: float | Watch | None = None,
    *,
    match: str | PathLike[str] | None = None,
    jobs: int = 1,
) -> Verdict:
    """Whether two circuits, with registers or without, give the same outputs for all inputs.

    In the literature: combinational and sequential equivalence checking.

    Args:
        impl: One circuit. Inputs and outputs are matched by name, or by order if no name is common; an input that one
            circuit alone has may have any value.
        spec: The other; its one-hot groups are promised of the inputs, and where its outputs are free they may differ.
        timeout: Seconds, the watch of a longer proof, or None for no bound. Ctrl-C ends it too, with what is known.
        match: How signals are matched instead: ``order``, ``names``, or a file that pairs them, a line
            ``input|output|register|clock OURS THEIRS`` each; ``output OURS -`` leaves one out, ``value NAME 0|1`` holds
            an input.
        jobs: Threads that solve hard questions.

    Returns:
        The verdict; a counterexample calls the inputs as ``impl`` does.

    Raises:
        CircuitError: if signals cannot be matched.

    Example:
        >>> from logic import parse_circuit
        >>> left, right = (parse_circuit(text, "eqn") for text in ("y = !(a & b)", "y = !a | !b"))
        >>> prove_equivalent(left, right).holds
        True
    """
    called, spec, note, own = agreed(impl, spec, None if match is None else read_pairing(match))
    verdict = _prove_agreed(called, spec, Watch.of(timeout, jobs))
    renamed = match is not None or called.inputs[: len(own)] != own
    if renamed and verdict.counterexample is not None:
        from .streams import to_counterexample, to_stream

        names = dict(zip(called.inputs, own, strict=False)) | dict.fromkeys(called.inputs[len(own) :], "")
        ours = [names[name] or name for name in spec.inputs]
        stream = to_stream(verdict.counterexample, spec.inputs)
        verdict = replace(verdict, counterexample=to_counterexample(stream, ours))
    return promised(replace(verdict, claim=f"{verdict.claim}{note}"), spec)


def promised(verdict: Verdict, spec: Circuit) -> Verdict:
    """The verdict with what the specification promises of its inputs."""
    groups = [", ".join(spec.inputs[at] for at in group) for group in spec.one_hot]
    if not groups:
        return verdict
    return replace(verdict, claim=f"{verdict.claim}, where exactly one is true of {shortened(groups, 3)}")


def _prove_agreed(impl: Circuit, spec: Circuit, watch: Watch) -> Verdict:
    """Two circuits over the same inputs, as far as names agree."""
    if impl.dont_cares is not None or spec.dont_cares is not None:
        from .dont_cares import prove_up_to

        return prove_up_to(impl, spec, partial(prove_equivalent, timeout=watch), watch)
    if not impl.register_names and not spec.register_names:
        return prove_combinational(impl, spec, watch)
    from .machines import prove_machines

    return prove_machines(impl, spec, watch)


def read_design(given: object) -> SpikingNetwork | Circuit:
    """What is to be compared; a path is read, as a network if it ends in ``.nir``, else as a circuit.

    Raises:
        CircuitError: if it is neither a network, nor a circuit, nor a path.
        FormatError, NetworkError: if the file cannot be read.
    """
    if isinstance(given, SpikingNetwork | Circuit):
        return given
    if isinstance(given, str | PathLike):
        path = Path(fspath(given))
        if path.suffix == ".nir":
            from ..targets.nir import read_nir

            return read_nir(path)
        from ..formats import read_circuit

        return read_circuit(path)
    raise CircuitError(
        f"a {type(given).__name__} cannot be verified; give a SpikingNetwork (compile_circuit makes one), a Circuit "
        f"(read_circuit), or the path of a file with one"
    )


def _prove_waves(network: SpikingNetwork, circuit: Circuit, certificate: Certificate | None, watch: Watch) -> Verdict:
    """A network against a combinational circuit."""
    try:
        verdict = prove_network(network, circuit, certificate=certificate, timeout=watch)
    except IrregularError:
        if network.neurons > SMALL:
            raise
    except NetworkError:
        from .unfolding import in_step, judge

        if in_step(network, network.flatten()):
            raise
        return judge(network, circuit, timeout=watch)
    else:
        if verdict.holds is not None or network.neurons > SMALL or watch.late():
            return verdict

    from .monolith import prove_monolithic

    return prove_monolithic(network, circuit, timeout=watch.left)
