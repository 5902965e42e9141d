"""Verilog as yosys elaborates it: sources gathered, a confined child process, and the JSON netlist that comes out."""
