"""The commands on circuits: compile, verify, simulate, translate, learn-gate."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..terminal import busy, say, say_json, say_rows, say_table
from .conventions.ending import plain_errors
from .conventions.files import PathError, existing, writable
from .conventions.options import CODES, WORDS, AsJson, Seed, given, refuse_others
from .conventions.reading import READING, Netlist, reads_netlists

if TYPE_CHECKING:
    from logic.formats.files import Reading
    from logic.mapping.compiler import Bounds

FanIn = Annotated[int | None, typer.Option(min=2, help="Most synapses into a neuron.")]
WeightBits = Annotated[int | None, typer.Option(min=2, help="Bits of a signed weight.")]
MaxDelay = Annotated[int | None, typer.Option(min=1, help="Longest delay in steps; relay neurons beyond.")]
Neurons = Annotated[int | None, typer.Option(min=1, help="Most neurons in all, relays included.")]
Jobs = Annotated[int, typer.Option(min=1, help="Threads that solve the hard questions of one proof.")]
Mapping = Annotated[str, typer.Option(help="single-rail, dual-rail, fail-silent, majority, logicsnn or positive.")]


@reads_netlists
def compile_netlist(
    context: typer.Context,
    circuit: Netlist,
    mapping: Mapping = "dual-rail",
    output: Annotated[
        Path | None, typer.Option(help="Write the network (such as .nir) or the circuit, as the suffix says.")
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(help="Of a .nir file: cuba (for snnTorch, Norse, SpikingJelly; if left out) or lif (for sinabs)."),
    ] = None,
    table: Annotated[bool, typer.Option("--pareto", help="Compare all mappings instead.")] = False,
    modules: Annotated[bool, typer.Option("--modules", help="Sizes of each module of a hierarchy instead.")] = False,
    fan_in: FanIn = None,
    weight_bits: WeightBits = None,
    max_delay: MaxDelay = None,
    neurons: Neurons = None,
    as_json: AsJson = False,
    *,
    reading: "Reading",
) -> None:
    """Turn a netlist into a spiking network, and say how large it is."""
    with plain_errors():
        existing(circuit)
        from logic.formats.known_formats import writable_suffixes
        from logic.targets import TARGETS

        from . import netlists

        if output is not None:
            networks = dict.fromkeys(target.suffix for target in TARGETS)
            writable(output, circuit, kinds=(*networks, *(f".{suffix}" for suffix in writable_suffixes())))

        if table:
            refuse_others(context, ("circuit", "table", *READING, "as_json"))
            say_rows([row._asdict() for row in netlists.trade_file(circuit, reading)], as_json)
            return
        if modules:
            refuse_others(context, ("circuit", "mapping", "modules", *READING, "as_json"))
            rows = netlists.module_rows(circuit, mapping, reading)
            if as_json:
                say_json(rows)
            else:
                say_rows(rows, as_json)
            return
        with busy(f"compiling {circuit.name}"):
            bounds = _bounds(fan_in, weight_bits, max_delay, neurons)
            found = netlists.compile_file(circuit, mapping, output, profile, reading=reading, bounds=bounds)
        sizes, relays = asdict(found.sizes), asdict(found.sizes.with_relays())
        verdict = None if found.verdict is None else WORDS[found.verdict.holds]
        if as_json:
            known = {} if verdict is None else {"verdict": verdict}
            say_json({"mapping": mapping, **sizes, **known, "with_relays": relays})
            return
        del sizes["neurons_with_relays"]
        lines = [[name.replace("_", " "), f"{value:,}", f"{relays[name]:,}"] for name, value in sizes.items()]
        say_table([mapping, "with delays", "with relays"], lines)
        if found.verdict is not None:
            say(str(found.verdict))


def _bounds(fan_in: int | None, weight_bits: int | None, max_delay: int | None, neurons: int | None) -> "Bounds":
    """The bounds that were written."""
    given: Bounds = {}
    if fan_in is not None:
        given["fan_in"] = fan_in
    if weight_bits is not None:
        given["weight_bits"] = weight_bits
    if max_delay is not None:
        given["max_delay"] = max_delay
    if neurons is not None:
        given["neurons"] = neurons
    return given


@reads_netlists
def verify_netlist(
    context: typer.Context,
    circuit: Annotated[Path, typer.Argument(help="The netlist that is compiled, or a network (.nir) of ours.")],
    spec: Annotated[Path | None, typer.Argument(help="The specification; the circuit itself if left out.")] = None,
    mapping: Mapping = "dual-rail",
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds for a proof.")] = None,
    waveform: Annotated[Path | None, typer.Option(help="Write a counterexample as VCD, or .svg as a raster.")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Write a .cnf and its DRAT proof (small networks).")] = None,
    obligations: Annotated[bool, typer.Option(help="Judge also rails, lost spikes, overflow and delays.")] = False,
    match: Annotated[
        str | None, typer.Option(help="Match the two circuits' signals by order, by names, or as a FILE pairs them.")
    ] = None,
    fan_in: FanIn = None,
    weight_bits: WeightBits = None,
    max_delay: MaxDelay = None,
    neurons: Neurons = None,
    claims: Annotated[
        list[str] | None,
        typer.Option(
            "--property", help="Judge this property of the netlist (may be repeated), or all.", metavar="NAME"
        ),
    ] = None,
    witness: Annotated[Path | None, typer.Option(help="Write AIGER witnesses of refuted properties.")] = None,
    spec_top: Annotated[str | None, typer.Option(help="The module of the specification, if it is Verilog.")] = None,
    replayed: Annotated[
        Path | None, typer.Option("--replay", help="Judge a file of AIGER witnesses by plain simulation.")
    ] = None,
    jobs: Jobs = 1,
    as_json: AsJson = False,
    *,
    reading: "Reading",
) -> None:
    """Prove the compiled network of a netlist, or its properties; exit code 0 proved, 1 refuted, 3 out of budget."""
    if claims or replayed is not None:
        with plain_errors():
            existing(circuit)
            code = _verify_claims(
                context, circuit, claims or [], timeout, witness, waveform, replayed, reading, as_json
            )
        raise typer.Exit(code)
    with plain_errors():
        existing(circuit)
        if witness is not None:
            raise PathError(f"{witness}: is written for properties; name one by --property, or all")
        if spec is not None:
            existing(spec)
        for place, kinds in ((waveform, (".vcd", ".svg")), (certificate, (".cnf",))):
            if place is not None:
                writable(place, circuit, spec, kinds=kinds)
        if match is not None and spec is None:
            raise PathError(f"--match {match}: is for two netlists; give the specification too")
        compiled = circuit.suffix == ".nir"
        settings = ["mapping", "match", "top", "fan_in", "weight_bits", "max_delay", "neurons"]
        if compiled and (written := given(context, settings)):
            option = f"--{written[0].replace('_', '-')}"
            raise PathError(f"{circuit}: is a network that has been compiled already; leave {option} out")
        from . import netlists

        with busy(f"proving {circuit.name}"):
            found = netlists.verify_files(
                circuit, spec, mapping, timeout, waveform, certificate, obligations=obligations, match=match,
                reading=reading, bounds=_bounds(fan_in, weight_bits, max_delay, neurons), spec_top=spec_top,
                jobs=jobs,
            )  # fmt: skip
        sizes = asdict(found.sizes)
        if as_json:
            files = {"circuit": str(circuit), "spec": None if spec is None else str(spec)}
            known = {"verdict": WORDS[found.verdict.holds], "mapping": None if compiled else mapping, **files}
            others = {name: WORDS[verdict.holds] for name, verdict in found.obligations.items()}
            known |= {"sizes": sizes, "compile_seconds": found.compile_seconds, "obligations": others}
            say_json({**asdict(found.verdict), **known})
        else:
            figures = ", ".join(f"{name.replace('_', ' ')} {value:,}" for name, value in sizes.items())
            word = WORDS[found.verdict.holds].lower()
            for name, verdict in found.obligations.items():
                say(f"{name}: {verdict}")
            say(f"{found.verdict}\n{'network' if compiled else mapping}: {figures}")
            say(f"compiled in {found.compile_seconds:.2f} s, {word} in {found.verdict.seconds:.2f} s")
    raise typer.Exit(CODES[found.verdict.holds])


def _verify_claims(
    context: typer.Context,
    circuit: Path,
    claims: list[str],
    timeout: float | None,
    witness: Path | None,
    waveform: Path | None,
    replayed: Path | None,
    reading: "Reading",
    as_json: bool,
) -> int:
    """The exit code of `verify` where it is about properties."""
    existing(circuit)
    from . import claims as judging

    if replayed is not None:
        refuse_others(context, ("circuit", "replayed", *READING, "as_json"))
        return 0 if judging.replay_claims(circuit, existing(replayed), as_json, reading) else 1
    refuse_others(context, ("circuit", "claims", "timeout", "witness", "waveform", *READING, "as_json"))
    if witness is not None:
        writable(witness, circuit)
    if waveform is not None:
        writable(waveform, circuit, kinds=(".vcd",))
    with busy(f"proving properties of {circuit.name}"):
        judged = judging.judge_claims(circuit, claims, timeout, witness, reading, waveform)
    return CODES[judging.say_judged(circuit, judged, as_json).holds]


@reads_netlists
def simulate_netlist(
    circuit: Netlist,
    mapping: Mapping = "dual-rail",
    waves: Annotated[int, typer.Option(min=1, help="Random input vectors.")] = 65536,
    seed: Seed = 0,
    deletion: Annotated[float, typer.Option(min=0, max=1, help="Probability that a spike is lost.")] = 0.0,
    insertion: Annotated[float, typer.Option(min=0, max=1, help="Probability of a spike from nowhere.")] = 0.0,
    as_json: AsJson = False,
    *,
    reading: "Reading",
) -> None:
    """Run random waves through the compiled network, check every answer, and count spikes, energy and faults."""
    with plain_errors():
        existing(circuit)
        from .waves import simulate_file

        with busy(f"simulating {circuit.name}"):
            found = simulate_file(circuit, mapping, waves, seed, deletion, insertion, reading)
        figures = asdict(found)
        faults = figures.pop("faults") or {}
        rows = {"mapping": mapping, **figures, **{f"{kind}_under_faults": n for kind, n in faults.items()}}
        say_rows([rows], as_json)


@reads_netlists
def translate_netlist(
    circuit: Netlist,
    output: Annotated[
        Path, typer.Argument(help="The file to write: .aig, .aag, .bench, .blif, .eqn, .v, .dot or .svg.")
    ],
    as_json: AsJson = False,
    *,
    reading: "Reading",
) -> None:
    """Write a netlist in another format, which the suffix says; names that it cannot hold are mended, and told."""
    with plain_errors():
        existing(circuit)
        from logic.formats.known_formats import writable_suffixes

        from .netlists import translate_file

        writable(output, circuit, kinds=tuple(f".{suffix}" for suffix in writable_suffixes()))
        say_rows([translate_file(circuit, output, reading)], as_json)


def learn_gate(
    table: Annotated[str, typer.Argument(help="Truth table such as 0110; 2, 4, 8 or 16 digits.", show_default=False)],
    flip: Annotated[float, typer.Option(min=0, max=0.5, help="Probability that the teacher errs.")] = 0.0,
    seed: Seed = 0,
    as_json: AsJson = False,
) -> None:
    """Learn a gate from spikes and a teacher by STDP, and prove what was learned."""
    with plain_errors():
        from .gates import learn, training_report

        gate, verdict = learn(table, flip, seed)
        if as_json:
            figures = {"table": gate.table, "epochs": gate.epochs, "predicted_epochs": gate.rule.predicted_epochs}
            weights = {"neurons": gate.snap().neurons, "weights": gate.weights.tolist()}
            say_json({"verdict": WORDS[verdict.holds], **figures, **weights, **asdict(verdict)})
        else:
            say(f"{training_report(gate)}\n{verdict}")
    raise typer.Exit(CODES[verdict.holds])
