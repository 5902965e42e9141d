"""A netlist of cells, as yosys writes it for nextpnr (JSON), read back as a circuit with registers.

The cells of the iCE40 are read by what the vendor's library says of them: lookup tables, carries and flip-flops with
synchronous set or reset and enable. What a flip-flop holds first is left open, so that nothing is believed of it.

References:
    Lattice Semiconductor, "iCE Technology Library", 2017.
"""

import json
import re
from pathlib import Path
from typing import Any

from ..circuit import Circuit, Gate
from ..errors import FormatError
from ..formats.netlist import ALIAS, Netlist
from ..formats.source import Source

_FLIP_FLOP = re.compile(r"SB_DFF(?P<falling>N?)(?P<enable>E?)(?P<set>SR|SS)?")
Bit = int | str


def read_cells(path: str | Path, name: str) -> Circuit:
    """The circuit of a module in a JSON file of yosys.

    Inputs and outputs are called by port and place, as ``in[3]``; the clock leaves the inputs.

    Args:
        path: Of the file.
        name: Of the module.

    Raises:
        FormatError: if it cannot be read, or holds a cell that is no gate and no flip-flop.
    """
    path = Path(path)
    try:
        data = path.read_bytes()
        module: dict[str, Any] = json.loads(data)["modules"][name]
        return _Reader(Source(str(path), data), module).read()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror}); synthesize the design first") from error
    except FormatError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise FormatError(f"{path}: is no netlist of the module {name!r} ({error!r}); synthesize it again") from error


class _Reader:
    def __init__(self, source: Source, module: dict[str, Any]) -> None:
        self.source, self.module = source, module
        self.netlist = Netlist(source, declares_clocks=True)
        self.names: dict[Bit, str] = {}
        self.unknown = 0

    def read(self) -> Circuit:
        outputs: list[tuple[str, Bit]] = []
        for port, content in self.module["ports"].items():
            bits = content["bits"]
            called = [port] if port in ("clk", "rst", "en") else [f"{port}[{place}]" for place in range(len(bits))]
            if content["direction"] == "input":
                for wire, bit in zip(called, bits, strict=True):
                    self.names[bit] = wire
                    self.netlist.add_input(wire, 1)
            elif content["direction"] == "output":
                outputs += zip(called, bits, strict=True)
            else:
                raise self.source.error(f"the port {port!r} is neither input nor output")
        self._name_registers({wire for wire, _ in outputs} | set(self.names.values()))
        for cell in self.module["cells"].values():
            self._read_cell(cell["type"], cell["parameters"], {k: v[0] for k, v in cell["connections"].items()})
        for wire, bit in outputs:
            self.netlist.add_output(wire, 1)
            self.netlist.define(self.netlist.literal(wire), ALIAS, (self._literal(bit),), 1)
        return self.netlist.build()

    def _name_registers(self, taken: set[str]) -> None:
        """Calls the nets of flip-flops as the design does, where it does."""
        for net, content in self.module["netnames"].items():
            for place, bit in enumerate(content["bits"]):
                wire = f"{net}[{content.get('offset', 0) + place}]"
                if not content["hide_name"] and bit not in self.names and wire not in taken:
                    self.names[bit] = wire
                    taken.add(wire)

    def _wire(self, bit: Bit) -> str:
        return self.names.setdefault(bit, f"net {bit}")

    def _literal(self, bit: Bit) -> int:
        """The literal of a net; one that is undefined may have any value, each time it is read."""
        if bit in ("0", "1"):
            return int(bit)
        if isinstance(bit, str):
            self.unknown += 1
            name = self.netlist.fresh_name(f"undefined {self.unknown}")
            self.netlist.add_input(name, 1)
            return self.netlist.literal(name)
        return self.netlist.literal(self._wire(bit))

    def _read_cell(self, kind: str, parameters: dict[str, str], nets: dict[str, Bit]) -> None:
        netlist = self.netlist
        if kind == "SB_LUT4":
            table = parameters["LUT_INIT"]
            inputs = [self._literal(nets.get(f"I{place}", "0")) for place in range(4)]
            bits = [int(digit) for digit in reversed(table)]
            if len(bits) != 16 or set(bits) - {0, 1}:
                raise self.source.error(f"a table of 16 bits was expected, got {table!r}")
            netlist.define(netlist.literal(self._wire(nets["O"])), ALIAS, (self._choose(inputs, bits),), 1)
        elif kind == "SB_CARRY":
            operands = [self._literal(nets.get(port, "0")) for port in ("I0", "I1", "CI")]
            netlist.define(netlist.literal(self._wire(nets["CO"])), Gate.MAJ, operands, 1)
        elif (flip_flop := _FLIP_FLOP.fullmatch(kind)) is not None:
            self._read_flip_flop(flip_flop, nets)
        else:
            what = "a block memory, which is not read as gates" if kind.startswith("SB_RAM") else "no gate we know"
            raise self.source.error(f"the cell {kind!r} is {what}; only lookup tables, carries and flip-flops are read")

    def _read_flip_flop(self, kind: re.Match[str], nets: dict[str, Bit]) -> None:
        name = self._wire(nets["Q"])
        held, following = self.netlist.literal(name), self._literal(nets["D"])
        if kind["set"]:
            chosen = self._literal(nets["R" if kind["set"] == "SR" else "S"])
            value = int(kind["set"] == "SS")
            following = self._mux(chosen, value, following)
        if kind["enable"]:
            following = self._mux(self._literal(nets["E"]), following, held)
        self.netlist.add_register(name, following, -1, 1)
        self.netlist.add_clock(self._literal(nets["C"]), not kind["falling"], 1, name)

    def _choose(self, inputs: list[int], table: list[int]) -> int:
        """The table as choices between its halves, the last input first."""
        if not any(table):
            return 0
        if all(table):
            return 1
        half = len(table) // 2
        low, high = self._choose(inputs[:-1], table[:half]), self._choose(inputs[:-1], table[half:])
        return low if table[:half] == table[half:] else self._mux(inputs[-1], high, low)

    def _mux(self, select: int, high: int, low: int) -> int:
        """``high`` where ``select`` is true, else ``low``."""
        if (high, low) == (1, 0):
            return select
        if (high, low) == (0, 1):
            return select ^ 1
        if select in (0, 1):
            return high if select else low
        first = self.netlist.add_gate(Gate.AND, (select, high), 1)
        second = self.netlist.add_gate(Gate.AND, (select ^ 1, low), 1)
        return self.netlist.add_gate(Gate.OR, (first, second), 1)
