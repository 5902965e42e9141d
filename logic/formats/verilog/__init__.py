"""Verilog in and out: a reader of flat netlists, and one of what yosys elaborates."""

from .file_list import Design as Design, checked_macro as checked_macro, parse_list as parse_list
from .flat_reader import parse_flat as parse_flat
from .language import VERILOG as VERILOG
from .verilog_files import design_tops as design_tops, read_design as read_design
from .yosys_netlist import YOSYS_JSON as YOSYS_JSON
