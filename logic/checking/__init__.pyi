"""Properties of clocked circuits, proved or refuted with a witness (model checking)."""

from .properties import (
    Judged as Judged,
    all_hold as all_hold,
    prove_properties as prove_properties,
    prove_property as prove_property,
    with_claims as with_claims,
)
from .replay import replay as replay
from .witness import (
    Witness as Witness,
    format_witnesses as format_witnesses,
    parse_witnesses as parse_witnesses,
    read_witnesses as read_witnesses,
    write_witnesses as write_witnesses,
)
