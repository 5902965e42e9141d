"""Networks of levels: quantised activations in whole numbers, wired as spikes in several codes, and proved equal."""
