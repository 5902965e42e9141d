"""What a stream remembers, in a file."""

from pathlib import Path

from perception import StreamError, StreamState

from ..checkpoint import Checkpoint, read_checkpoint, write_checkpoint

_KIND = "stream"


def save_stream_state(state: StreamState, path: str | Path) -> None:
    """Writes what a stream remembers to a file, whole or not at all.

    Raises:
        FileError: if it cannot be written.
    """
    write_checkpoint(path, Checkpoint(state.to_tensors(), {"kind": _KIND}))


def load_stream_state(path: str | Path) -> StreamState:
    """What :func:`save_stream_state` wrote, for :meth:`perception.Stream.restore`.

    Raises:
        CheckpointError: if the file is missing, damaged or not one of ours.
        StreamError: if it holds no state of a stream.
    """
    found = read_checkpoint(path)
    if found.settings.get("kind") != _KIND:
        raise StreamError(f"{path}: holds no state of a stream; write one with save_stream_state(stream.state, path)")
    return StreamState.from_tensors(found.tensors)
