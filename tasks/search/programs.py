"""Programs to search, each as text for the ordinary command: queens, maps, Latin and magic squares, large sudoku."""

import numpy as np

STATES = (
    "AL:FL,GA,MS,TN AR:LA,MO,MS,OK,TN,TX AZ:CA,NM,NV,UT CA:NV,OR CO:KS,NE,NM,OK,UT,WY CT:MA,NY,RI DE:MD,NJ,PA FL:GA "
    "GA:NC,SC,TN IA:IL,MN,MO,NE,SD,WI ID:MT,NV,OR,UT,WA,WY IL:IN,KY,MO,WI IN:KY,MI,OH KS:MO,NE,OK KY:MO,OH,TN,VA,WV "
    "LA:MS,TX MA:NH,NY,RI,VT MD:PA,VA,WV ME:NH MI:OH,WI MN:ND,SD,WI MO:NE,OK,TN MS:TN MT:ND,SD,WY NC:SC,TN,VA ND:SD "
    "NE:SD,WY NH:VT NJ:NY,PA NM:OK,TX NV:OR,UT NY:PA,VT OH:PA,WV OK:TX OR:WA PA:WV SD:WY TN:VA UT:WY VA:WV"
)
"""The 48 contiguous states and their neighbours, each pair once."""


def queens(size: int) -> str:
    """Queens of which none attacks another."""
    return f"""
queens(Queens) :- length(Queens, {size}), Queens ins 1..{size}, safe(Queens).
safe([]).
safe([Q|Queens]) :- far(Queens, Q, 1), safe(Queens).
far([], _, _).
far([Q|Queens], Q0, D) :- Q0 #\\= Q, Q0 #\\= Q + D, Q0 #\\= Q - D, Next is D + 1, far(Queens, Q0, Next).
"""


def coloured_states(colours: int) -> str:
    """The map of the 48 states, neighbours in different colours."""
    pairs = [(row.split(":")[0], other) for row in STATES.split() for other in row.split(":")[1].split(",")]
    names = sorted({name for pair in pairs for name in pair})
    said = ", ".join(f"{a} #\\= {b}" for a, b in pairs)
    return f"states([{', '.join(names)}]) :- [{', '.join(names)}] ins 1..{colours}, {said}."


def latin_square(size: int, holes: int, seed: int) -> str:
    """A Latin square with so many cells emptied; it has a solution."""
    rng = np.random.default_rng(seed)
    rows, columns, digits = (rng.permutation(size) for _ in range(3))
    square = digits[(rows[:, None] + columns[None, :]) % size] + 1
    return _square("latin", square, holes, rng) + "\nblocks(_)."


def large_sudoku(holes: int, seed: int) -> str:
    """A sudoku of 16 x 16 with so many cells emptied; it has a solution."""
    rng = np.random.default_rng(seed)
    base = np.array([[(4 * (r % 4) + r // 4 + c) % 16 for c in range(16)] for r in range(16)])
    rows = np.concatenate([4 * band + rng.permutation(4) for band in rng.permutation(4)])
    columns = np.concatenate([4 * band + rng.permutation(4) for band in rng.permutation(4)])
    square = rng.permutation(16)[base[rows][:, columns]] + 1
    blocks = [
        f"all_distinct([{', '.join(f'C{4 * br + r}_{4 * bc + c}' for r in range(4) for c in range(4))}])"
        for br in range(4)
        for bc in range(4)
    ]
    cells = "[" + ", ".join(f"[{', '.join(f'C{r}_{c}' for c in range(16))}]" for r in range(16)) + "]"
    return _square("large", square, holes, rng) + f"\nblocks({cells}) :- {', '.join(blocks)}."


def _square(name: str, square: np.ndarray, holes: int, rng: np.random.Generator) -> str:
    size = len(square)
    empty = set(rng.permutation(size * size)[:holes].tolist())
    rows = [
        f"[{', '.join('_' if r * size + c in empty else str(square[r, c]) for c in range(size))}]" for r in range(size)
    ]
    return f"""
{name}(Rows) :-
    Rows = [{", ".join(rows)}], append(Rows, Cells), Cells ins 1..{size}, maplist(all_distinct, Rows),
    transpose(Rows, Columns), maplist(all_distinct, Columns), blocks(Rows)."""


MAGIC_SQUARE = """
magic([[A, B, C], [D, E, F], [G, H, I]]) :-
    Cells = [A, B, C, D, E, F, G, H, I], Cells ins 1..9, all_distinct(Cells),
    A + B + C #= 15, D + E + F #= 15, G + H + I #= 15, A + D + G #= 15, B + E + H #= 15, C + F + I #= 15,
    A + E + I #= 15, C + E + G #= 15.
"""
"""All eight magic squares of 3 x 3."""


def random_clauses(variables: int, clauses: int, seed: int) -> str:
    """A random 3-SAT formula over 0 and 1."""
    rng = np.random.default_rng(seed)
    said: list[str] = []
    for _ in range(clauses):
        chosen = rng.permutation(variables)[:3] + 1
        said.append(
            " #\\/ ".join(f"X{v}" if sign else f"#\\ X{v}" for v, sign in zip(chosen, rng.random(3) < 0.5, strict=True))
        )
    names = ", ".join(f"X{v}" for v in range(1, variables + 1))
    return f"formula([{names}]) :- [{names}] ins 0..1, {', '.join(said)}."
