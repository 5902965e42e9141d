"""Any module over time as a graph of operations: what its layers are, and where its steps and samples lie."""

from .stepwise import stepwise_obstacle as stepwise_obstacle
from .time_graph import (
    GraphError as GraphError,
    Layout as Layout,
    TimeGraph as TimeGraph,
    TimeOperation as TimeOperation,
    trace_over_time as trace_over_time,
)
