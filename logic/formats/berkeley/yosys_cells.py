"""Cells that yosys knows by itself, as models of BLIF: what its BLIF files name by ``.subckt`` and do not hold.

Latches and flip-flops with asynchronous set or reset are left out, as no circuit of one clock can express them.
"""

import re

_GATES = {  # ports and cover; the output is Y
    "$_BUF_": ("A", "1 1"),
    "$_NOT_": ("A", "0 1"),
    "$_AND_": ("A B", "11 1"),
    "$_NAND_": ("A B", "11 0"),
    "$_OR_": ("A B", "00 0"),
    "$_NOR_": ("A B", "00 1"),
    "$_XOR_": ("A B", "10 1\n01 1"),
    "$_XNOR_": ("A B", "10 0\n01 0"),
    "$_ANDNOT_": ("A B", "10 1"),
    "$_ORNOT_": ("A B", "01 0"),
    "$_MUX_": ("A B S", "1-0 1\n-11 1"),
    "$_NMUX_": ("A B S", "1-0 0\n-11 0"),
    "$_AOI3_": ("A B C", "11- 0\n--1 0"),
    "$_OAI3_": ("A B C", "1-1 0\n-11 0"),
    "$_AOI4_": ("A B C D", "11-- 0\n--11 0"),
    "$_OAI4_": ("A B C D", "1-1- 0\n1--1 0\n-11- 0\n-1-1 0"),
}
_FLIP_FLOP = re.compile(r"\$_(DFF|DFFE|SDFF|SDFFE|SDFFCE)_([NP])([NP]?)([01]?)([NP]?)_")
_MARKS = {
    "DFF": 1,
    "DFFE": 2,
    "SDFF": 3,
    "SDFFE": 4,
    "SDFFCE": 4,
}  # letters after the name, of which each says something


def yosys_model(name: str) -> list[str]:
    """The lines of the model of a cell; none if it is not known.

    A flip-flop's first value is open: yosys' BLIF does not tell it.

    Example:
        >>> yosys_model("$_DFFE_PN_")[2:]
        ['.names E D Q next', '01- 1', '1-1 1', '.latch next Q re C 3']
    """
    if name in _GATES:
        ports, rows = _GATES[name]
        return [f".inputs {ports}", ".outputs Y", f".names {ports} Y", *rows.split("\n")]
    match = _FLIP_FLOP.fullmatch(name)
    if match is None or sum(map(bool, match.groups()[1:])) != _MARKS[match[1]]:
        return []
    kind, clock, second, value, third = match.groups()
    edge = "re" if clock == "P" else "fe"
    enable = "PN"[(second if kind == "DFFE" else third) == "N"] if kind in ("DFFE", "SDFFE", "SDFFCE") else ""
    reset = second if kind.startswith("S") else ""
    if bool(value) != bool(reset) or (kind == "DFFE" and not second):
        return []
    ports = ["C", "D", *(["R"] if reset else []), *(["E"] if enable else [])]
    lines = [f".inputs {' '.join(ports)}", ".outputs Q"]
    # the enable is asked first in SDFFE only of the data, in SDFFCE of the reset too
    word = "D"
    if enable and kind != "SDFFCE":
        word, on = "next", enable == "P"
        lines += [".names E D Q next", f"{int(on)}1- 1", f"{int(not on)}-1 1"]
    if reset:
        active = int(reset == "P")
        target = "held" if kind == "SDFFCE" else "cleared"
        lines += [f".names R {word} {target}", *([f"{1 - active}1 1"] if value == "0" else [f"{active}- 1", "-1 1"])]
        word = target
    if kind == "SDFFCE":
        on = enable == "P"
        lines += [".names E held Q next", f"{int(on)}1- 1", f"{int(not on)}-1 1"]
        word = "next"
    return [*lines, f".latch {word} Q {edge} C 3"]
