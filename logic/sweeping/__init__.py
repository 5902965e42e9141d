"""SAT sweeping over one joint and-inverter graph: equal nodes are found, proved and merged."""
