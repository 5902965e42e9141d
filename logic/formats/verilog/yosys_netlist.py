"""Netlists that yosys wrote in JSON (``write_json``): yosys reads them back, as it reads Verilog here."""

import json

from ...circuit import Circuit
from ..format import Format
from ..source import Source
from .file_list import Design
from .verilog_files import read_design


def parse_yosys_json(source: Source) -> Circuit:
    """The circuit of a netlist of yosys in JSON; what is said of Verilog holds of it.

    Raises:
        FormatError: naming the line of what is no JSON, or what yosys or a circuit cannot express.
    """
    try:
        found = json.loads(source.text())
    except json.JSONDecodeError as wrong:
        raise source.error(f"no JSON: {wrong.msg}", wrong.lineno) from None
    except RecursionError:
        raise source.error("values within one another are too deep for a netlist") from None
    if not isinstance(found, dict) or not found.get("modules"):
        raise source.error('no netlist of yosys: expected {"modules": {...}}, as its write_json makes it', 1)
    return read_design(Design(((source.name, source.data),), (), source.top, source.formal, cells=source.cells))


YOSYS_JSON = Format(
    name="yosys JSON",
    suffixes=("json",),
    example=b'{"modules": {"m": {\n  "ports": {\n    "a": {"direction": "input", "bits": [2]},\n'
    b'    "b": {"direction": "input", "bits": [3]},\n    "y": {"direction": "output", "bits": [4]}},\n'
    b'  "cells": {"g": {"type": "$_AND_", "port_directions": {"A": "input", "B": "input", "Y": "output"},\n'
    b'    "connections": {"A": [2], "B": [3], "Y": [4]}}}}}}\n',
    lacks="Read only, through yosys.",
    read=parse_yosys_json,
)
