"""Pictures: read, varied, blended and encoded as spikes."""
