"""Pictures to spikes to symbols."""
