"""BLIF and EBLIF: ``.names`` covers, ``.latch`` registers, cells of a library, models within models, don't cares."""

import re
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import replace

from ...circuit import Circuit
from ...errors import FormatWarning
from ..format import Format, Module
from ..liberty import is_liberty
from ..netlist import ALIAS, Netlist
from ..source import Source
from .blif_models import Instance, Names, copy_models, models_apart, slashed, top_first
from .blif_text import blif_text
from .covers import Term, define_cover, read_cover
from .genlib import Cell, liberty_gates, place_cell, read_cells

_IGNORED = frozenset((  # says nothing of the function: delays, loads, areas, where names and cells come from
    ".area", ".delay", ".wire", ".wire_load_slope", ".input_arrival", ".default_input_arrival",
    ".output_required", ".default_output_required", ".input_drive", ".default_input_drive", ".output_load",
    ".default_output_load", ".input_load", ".default_input_load", ".max_input_load", ".default_max_input_load",
    ".clock", ".clock_event", ".cycle", ".attr", ".param",
))  # fmt: skip
_REMEDIES = {
    ".search": "names another file, which is not opened; put its models into this one",
    ".blackbox": "says that a model has nothing inside; give its contents",
    ".start_kiss": "begins a state machine; write what stands up to .end_kiss into a file of its own (.kiss2)",
}


def parse_blif(source: Source) -> Circuit:
    """The circuit of a BLIF text: its first model, into which the models that it instantiates are copied.

    If the first model is part of another one, the only one that is part of none is read instead, as ABC and yosys do.

    Registers must share one clock, which then leaves the inputs. A first value of 2 or 3 is open. What ``.exdc`` says
    of the first model becomes its don't cares.

    Raises:
        FormatError: naming the line, if it is not one, uses latches that are no flip-flops, or cells of a library that
            was not given.

    References:
        University of California Berkeley, "Berkeley Logic Interchange Format (BLIF)", 1992.
    """
    netlist = Netlist(source)
    reader = _Reader(netlist)
    lines = _logical_lines(source)
    if b".subckt" in source.data or b".gate" in source.data:
        lines = top_first(netlist, lines)
    rest = reader.read(lines, "", {})
    copy_models(reader, rest, lines)
    circuit = netlist.build()
    return circuit if reader.free is None else replace(circuit, dont_cares=_dont_cares(reader, circuit))


def blif_modules(source: Source) -> tuple[Module, ...]:
    """The models of a text, each as a circuit of its own, the whole one first; none if there is but one.

    Raises:
        FormatError: as :func:`parse_blif`.
    """
    with warnings.catch_warnings():  # they are told where the circuit is read
        warnings.simplefilter("ignore", FormatWarning)
        texts, counts = models_apart(Netlist(source), _logical_lines(source))
        return tuple(Module(name, counts[name], parse_blif(replace(source, data=text))) for name, text in texts.items())


class _Reader:
    """Reads models into a netlist; the wires of an instance bear its name and a slash before theirs."""

    def __init__(self, netlist: Netlist) -> None:
        self.netlist, self.source = netlist, netlist.source
        self.first = ""  # name of the first model
        self.instances: list[Instance] = []
        self.taken: set[str] = set()
        self.free: Netlist | None = None
        self.free_heads: dict[str, int] = {}
        self._covers: dict[tuple[str, ...], tuple[Term, ...]] = {}
        self._cells: dict[str, Cell] | None = None

    def read(self, lines: Iterable[tuple[int, str]], prefix: str, ports: dict[str, str]) -> tuple[int, str] | None:
        """Reads one model, up to the ``.model`` that begins another one, which is returned.

        Args:
            lines: Logical lines, the model's own ``.model`` being left out or not.
            prefix: What stands before the names of wires inside; empty for the first model.
            ports: The wires that its inputs and outputs are connected to.
        """
        netlist, source = self.netlist, self.source
        names: list[str] = []
        cubes: list[str] = []
        opened = 0  # line of the .names that is being read, 0 outside
        begun = ended = free = False
        cell = ""  # the word of the last line, if it was .subckt or .gate
        taken = self.taken = set[str]()

        def wire(name: str) -> str:
            return (ports.get(name) or f"{prefix}{name}") if prefix else name

        def close() -> None:
            if not opened or (free and prefix):
                return
            terms = self._terms(len(names) - 1, cubes, opened)
            if free and self.free is not None:
                self.free_heads.setdefault(names[-1], opened)
                define_cover(self.free, names, terms, opened)
            else:
                define_cover(netlist, names, terms, opened)

        for line, text in lines:
            if text[0] != ".":
                if not opened:
                    raise source.error(f"expected a directive such as .names, got {text[:60]!r}", line)
                cubes.append(text)
                continue
            if "/" in text:
                taken |= slashed(text)
            words = text.split()
            close()
            opened, last, cell = 0, cell, ""
            if words[0] == ".model":
                if begun:
                    return line, text
                begun = True
                if not prefix:
                    self.first = words[1] if len(words) > 1 else ""
                continue
            begun = True
            if ended and words[0] not in _REMEDIES:
                raise source.error(f"expected .model after .end, got {words[0]}", line)
            match words[0]:
                case ".names" if len(words) > 1:
                    names, cubes, opened = list(map(wire, words[1:])) if prefix else words[1:], [], line
                case ".inputs" | ".outputs" if prefix or free:
                    pass
                case ".inputs":
                    for name in words[1:]:
                        netlist.add_input(name, line)
                case ".outputs":
                    for name in words[1:]:
                        netlist.add_output(name, line)
                case ".end":
                    ended = True
                case ".exdc" if not free:
                    free = True
                    if prefix:
                        netlist.warn("the don't cares of a model within another one are not used", line)
                    else:
                        self.free = Netlist(source)
                case word if word in _IGNORED:
                    cell = last
                case word if free:
                    raise source.error(f"{word} among the don't cares; expected .names", line)
                case ".latch":
                    _add_latch(netlist, [*words[:1], *map(wire, words[1:3]), *words[3:]], line, wire)
                case ".subckt" | ".gate" | ".mlatch" if len(words) > 1:
                    self._add_cell(words, wire, line)
                    cell = words[0]
                case ".conn" | ".barbuf" if len(words) == 3:
                    netlist.define(netlist.literal(wire(words[2])), ALIAS, (netlist.literal(wire(words[1])),), line)
                case ".cname" if len(words) == 2:
                    if last == ".subckt":  # what is told of other cells names no wire
                        self.instances[-1] = replace(self.instances[-1], name=words[1])
                case word:
                    known = _REMEDIES.get(word, "is not known; expected .names, .latch, .subckt or .gate")
                    raise source.error(f"{word} {known}", line)
        close()
        return None

    def _terms(self, width: int, cubes: list[str], line: int) -> tuple[Term, ...]:
        """What a cover computes; equal ones are read once."""
        key = (str(width), *cubes)
        if key not in self._covers:
            self._covers[key] = read_cover(self.source, width, cubes, line)
        return self._covers[key]

    def _add_cell(self, words: list[str], wire: Names, line: int) -> None:
        """A copy of a model that is made later, or of a cell of the library at once."""
        source = self.source
        if words[0] == ".subckt":
            self.instances.append(Instance.of(source, words, wire, line))
            return
        if self._cells is None:
            self._cells = {} if source.cells is None else self._library(source.cells)
        cell = self._cells.get(words[1])
        if cell is None:
            if words[0] == ".gate" and source.cells is None:
                self.instances.append(Instance.of(source, words, wire, line))
                return
            missing = "which the library does not hold" if source.cells else "whose library was not given"
            raise source.error(
                f"{words[0]} of the cell {words[1]!r}, {missing}; give the genlib file that defines it "
                "(--genlib FILE; in Python genlib=FILE)",
                line,
            )
        rest: list[str] = []
        if words[0] == ".mlatch":
            ports = [word for word in words[2:] if "=" in word]
            words, rest = [*words[:2], *ports], [word for word in words[2:] if "=" not in word]
        self._place(cell, Instance.of(source, words, wire, line), rest, wire, words[0])

    def _library(self, library: Source) -> dict[str, Cell]:
        """The cells of a library, of Liberty those alone that the text names."""
        if not is_liberty(library.data):
            return read_cells(library)
        named = re.findall(rb"^\s*\.gate\s+(\S+)", self.source.data, re.MULTILINE)
        return liberty_gates(library, frozenset(name.decode("latin-1") for name in named))

    def _place(self, cell: Cell, at: Instance, rest: list[str], wire: Names, word: str) -> None:
        """The gates of a cell, and the register behind them if it is one."""
        netlist, source, line = self.netlist, self.source, at.line
        known = {*cell.pins, *cell.outputs}
        if odd := at.ports.keys() - known:
            raise source.error(
                f"the cell {at.model!r} has no pin {min(odd)!r}; known: {', '.join(sorted(known))}", line
            )
        if bool(cell.latch) != (word == ".mlatch"):
            kind = "a register, which .mlatch places" if cell.latch else "no register; place it by .gate"
            raise source.error(f"the cell {at.model!r} is {kind}", line)
        ports = dict(at.ports)
        made_here = {output: made for output, made in cell.outputs.items() if output in ports}
        if cell.state and made_here:
            ports[cell.state] = ports[next(iter(made_here))]
        if missing := sorted({pin for output in made_here for pin in cell.reads(output)} - ports.keys()):
            raise source.error(f"the pin {missing[0]!r} of the cell {at.model!r} is not connected", line)
        pins = [netlist.literal(ports[pin]) if pin in ports else 0 for pin in cell.pins]
        for output, made in made_here.items():
            literal = place_cell(made, pins, lambda kind, operands: netlist.add_gate(kind, operands, line))
            if not cell.latch:
                netlist.define(netlist.literal(ports[output]), ALIAS, (literal,), line)
                continue
            control, *first = rest or ["NIL"]
            held = [".latch", "", ports[output], cell.latch, control, *first]
            _add_latch(netlist, held, line, wire, following=literal)


def _dont_cares(reader: _Reader, circuit: Circuit) -> Circuit:
    """What ``.exdc`` says, as a circuit over the inputs and registers."""
    free, source = reader.free or Netlist(reader.source), reader.source
    sources = (*circuit.inputs, *circuit.register_names)
    # An output may be a register, too: among the don't cares its name is the output's, and nothing reads the register.
    registers = [f"{name} as it was" if name in reader.free_heads else name for name in circuit.register_names]
    called = (*circuit.inputs, *registers)
    first = next(iter(reader.free_heads.values()), None)
    for name in called:
        free.add_input(name, first or 0)
    for name in circuit.output_names:
        if name in reader.free_heads:
            free.add_output(name, reader.free_heads[name])
    found = free.build()
    if found.inputs != called:
        raise source.error("the don't cares read a wire that is no input and no register", first)
    return replace(found, inputs=sources)


def _logical_lines(source: Source) -> Iterator[tuple[int, str]]:
    """Lines joined where they end in a backslash, with the number of the first."""
    held: list[str] = []
    first = 0
    for number, line in source.lines("#", blank=True):  # a blank line ends a continued one
        if line[-1:] == "\\":
            first = first if held else number
            held.append(line[:-1])
        elif held:
            if joined := " ".join((*held, line)).strip():
                yield first, joined
            held = []
        elif line:
            yield number, line
    if held:
        raise source.error("the text ends within a continued line", first)


def _add_latch(netlist: Netlist, words: list[str], line: int, wire: Names, following: int | None = None) -> None:
    """``.latch input output [type control] [initial]``; ``following`` is given where no wire bears the input."""
    rest = words[3:]
    kind, control = rest[:2] if len(rest) > 1 else ("", "")
    if kind:
        rest = rest[2:]
    if len(words) < 3 or len(rest) > 1 or (rest and rest[0] not in ("0", "1", "2", "3")):
        problem = f"expected .latch input output [type control] [0-3], got {' '.join(words)[:60]!r}"
        raise netlist.source.error(problem, line)
    if (kind, control) == ("fe", "NIL"):
        raise netlist.source.error("a falling edge of no clock; name the clock", line)
    if kind and kind not in ("re", "fe"):
        what = {
            "ah": "a latch that is open while its control is 1",
            "al": "a latch that is open while it is 0",
            "as": "asynchronous, without a clock",
        }
        problem = f"{kind} is {what.get(kind, 'no edge of a clock')}; only flip-flops (re, fe) can be expressed"
        raise netlist.source.error(problem, line)
    initial = int(rest[0]) if rest else 3
    following = netlist.literal(words[1]) if following is None else following
    netlist.add_register(words[2], following, initial if initial < 2 else -1, line)
    named = kind and control != "NIL"
    netlist.add_clock(netlist.literal(wire(control)) if named else None, kind != "fe", line)


BLIF = Format(
    name="BLIF",
    suffixes=("blif", "eblif"),
    example=b".model m\n.inputs a b \\\n c\n.outputs y q\n.names a b c y\n11- 1\n--0 1\n.latch y q re clk 0\n.end\n",
    lacks="No properties, no latches that are no flip-flops; cells of a library are read with its genlib file.",
    read=parse_blif,
    write=lambda circuit: blif_text(circuit).encode("ascii"),
    mark=rb"(?s).*\.(model|inputs)",
    modules=blif_modules,
)
