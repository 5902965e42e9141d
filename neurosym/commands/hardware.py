"""The command `rtl`: a netlist, a rule or a network as Verilog, simulated, synthesized and proved if asked for."""

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from ..terminal import say, say_json, say_rows
from .circuits import Mapping
from .conventions.ending import plain_errors
from .conventions.files import PathError, claimed, existing, writable
from .conventions.options import CODES, WORDS, AsJson, given
from .conventions.reading import READING, read_given, reads_netlists

if TYPE_CHECKING:
    from logic import Circuit, SpikingNetwork
    from logic.formats.files import Reading

_RULE = ".pl"


@reads_netlists
def write_hardware(
    context: typer.Context,
    source: Annotated[Path, typer.Argument(help="A netlist, a network (.nir) of ours, or a rule (.pl).")],
    output: Annotated[Path, typer.Option(help="Folder for the Verilog, its testbench and notes.")],
    form: Annotated[
        str, typer.Option(help="registers: one a neuron, a step a clock; core: block memory, for large networks.")
    ] = "registers",
    mapping: Mapping = "single-rail",
    query: Annotated[str | None, typer.Option(help="Of a rule, whose answer is one whole number: 'sum(S)'.")] = None,
    simulate: Annotated[bool, typer.Option("--simulate", help="Run the testbench in Icarus.")] = False,
    synthesize: Annotated[bool, typer.Option("--synthesize", help="Count the cells that yosys makes (iCE40).")] = False,
    prove: Annotated[bool, typer.Option("--prove", help="Prove those cells equal to the netlist.")] = False,
    timeout: Annotated[float | None, typer.Option(min=0, help="Seconds for a proof.")] = None,
    as_json: AsJson = False,
    *,
    reading: "Reading",
) -> None:
    """Write spiking logic as Verilog with a self-checking testbench; with --prove down to proved gates.

    Exit code 0 done or proved, 1 the testbench fails or the proof is refuted, 3 out of budget.
    """
    with plain_errors():
        existing(source)
        _check_options(context, source, prove, form)
        name = module_name(source)
        for ending in (".v", "_testbench.v"):
            writable(output / f"{name}{ending}", source, kinds=(".v",))
        from logic.hardware import Form, prove_rtl, run_testbench, synthesize as synthesize_design, write_rtl

        network, circuit = compile_source(context, source, mapping, query, reading)
        with claimed(output):
            design = write_rtl(network, output, form=cast(Form, form), name=name)
            row: dict[str, object] = {
                "design": str(output / f"{name}.v"), "form": form, "neurons": design.neurons,
                "synapses": design.synapses, "latency": design.latency, "period": design.period,
                "exact_steps": design.exact_steps, "golden_steps": design.golden_steps,
                "unseen_neurons": design.unseen,
            }  # fmt: skip
            code, proof = 0, None
            if simulate:
                row["testbench"] = said = run_testbench(output, name)
                code = int(said.startswith("FAILED"))
            if prove and circuit is not None:
                resources, proof = prove_rtl(output, circuit, name=name, timeout=timeout)
                row |= {**asdict(resources), "verdict": WORDS[proof.holds]}
                code = code or CODES[proof.holds]
            elif synthesize:
                row |= asdict(synthesize_design(output, name))
        if as_json:
            say_json(row if proof is None else {**row, "proof": asdict(proof)})
        else:
            say_rows([row], False)
            if proof is not None:
                say(str(proof))
    raise typer.Exit(code)


def _check_options(context: typer.Context, source: Path, prove: bool, form: str) -> None:
    """Refuses settings that would not be obeyed."""
    if source.suffix != _RULE and given(context, ["query"]):
        raise PathError(f"{source}: is no rule (.pl); leave --query out")
    if source.suffix == _RULE and (written := given(context, READING)):
        raise PathError(f"{source}: is a rule and no netlist; leave --{written[0]} out")
    if source.suffix == ".nir" and given(context, ["mapping"]):
        raise PathError(f"{source}: is a network that has been compiled already; leave --mapping out")
    if source.suffix == ".nir" and prove:
        raise PathError(f"{source}: a network has no netlist to be proved against; give the netlist itself")
    if prove and form == "core":
        raise PathError(
            "--prove: is for the form 'registers'; the testbench of a core compares all neurons (--simulate)"
        )
    if given(context, ["timeout"]) and not prove:
        raise PathError("--timeout: is the time of a proof; give --prove, or leave it out")


def module_name(source: Path) -> str:
    """What a design is called: the file's name, as Verilog can hold it.

    Example:
        >>> module_name(Path("ISCAS-85/c880.aig")), module_name(Path("1 bit.blif"))
        ('c880', 'design_1_bit')
    """
    from logic.hardware.design import is_module_name

    name = re.sub(r"[^a-z0-9_]", "_", source.stem.lower())
    return name if is_module_name(name) else f"design_{name}"


def compile_source(
    context: typer.Context, source: Path, mapping: str, query: str | None, reading: "Reading"
) -> "tuple[SpikingNetwork, Circuit | None]":
    """The network of a file, and the circuit that it was compiled from, if it was.

    Args:
        context: Of the command, which knows what was written.
        source: A netlist, a network (``.nir``), or a rule (``.pl``) of which ``query`` is asked.
        mapping: How circuits are compiled.
        query: Of a rule.
        reading: How a netlist is read.

    Raises:
        NeurosymError: if the file cannot be read, or not be compiled.
    """
    from logic import Circuit, compile_circuit

    if source.suffix == _RULE:
        if query is None:
            raise PathError(f"{source}: is a rule; say what is asked of it, as --query 'sum(S)'")
        from reasoner import Program, answer_bits, ground

        design: Circuit | SpikingNetwork = answer_bits(ground(Program.read(source), query))
    else:
        design = read_given(context, source, reading)
    if isinstance(design, Circuit):
        return compile_circuit(design, mapping), design
    return design, None
