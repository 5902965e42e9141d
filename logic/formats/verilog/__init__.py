"""Verilog in and out: a reader of flat netlists, and one of what yosys elaborates."""

from .language import VERILOG as VERILOG
