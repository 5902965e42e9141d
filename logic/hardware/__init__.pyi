"""Spiking networks as digital hardware: Verilog, its simulation and synthesis, and the proof of what came out."""

from .design import DesignNotes as DesignNotes, Form as Form, write_rtl as write_rtl
from .gate_proof import Synthesized as Synthesized, prove_cells as prove_cells, prove_rtl as prove_rtl
from .tools import (
    Resources as Resources,
    ToolError as ToolError,
    lint as lint,
    run_testbench as run_testbench,
    synthesize as synthesize,
)
