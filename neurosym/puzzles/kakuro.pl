% Kakuro: each run of white cells holds different digits from 1 to 9 that add up to the clue before it.

:- use_module(library(clpfd)).

kakuro([[A, B], [C, D, E], [F, G]]) :-
    run([A, B], 5), run([C, D, E], 15), run([F, G], 13),       % across: columns 1-2, 1-3, 2-3
    run([A, C], 4), run([B, D, F], 13), run([E, G], 16).       % down: columns 1, 2, 3

run(Cells, Sum) :-
    Cells ins 1..9,
    all_distinct(Cells),
    sum(Cells, #=, Sum).
