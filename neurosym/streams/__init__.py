"""Streams: anything of ours that sees recordings, run one step at a time."""
