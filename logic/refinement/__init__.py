"""Networks of integers against layers in real numbers: the same spikes, proved layer by layer for all inputs."""
