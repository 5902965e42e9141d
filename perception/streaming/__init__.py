"""Networks that run one step at a time with a state of their own, equal to all steps at once."""

from .stream import Sighting as Sighting, Stream as Stream, StreamError as StreamError, StreamState as StreamState
