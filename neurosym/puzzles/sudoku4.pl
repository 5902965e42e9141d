% Sudoku of 4 x 4: each row, column and box holds the digits 1 to 4.

:- use_module(library(clpfd)).

sudoku(Rows) :-
    Rows = [[A1, A2, A3, A4], [B1, B2, B3, B4], [C1, C2, C3, C4], [D1, D2, D3, D4]],
    clues(Rows),
    append(Rows, Cells), Cells ins 1..4,
    maplist(all_distinct, Rows),
    transpose(Rows, Columns), maplist(all_distinct, Columns),
    all_distinct([A1, A2, B1, B2]), all_distinct([A3, A4, B3, B4]),
    all_distinct([C1, C2, D1, D2]), all_distinct([C3, C4, D3, D4]).

clues([[1, _, _, _],
       [_, _, 3, _],
       [_, 4, _, _],
       [_, _, _, 2]]).
