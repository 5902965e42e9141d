% Sudoku: each row, column and box holds the digits 1 to 9. Empty cells are _.

:- use_module(library(clpfd)).

sudoku(Rows) :-
    clues(Rows),
    grid(Rows).

% The same for a picture of a board: cell I shows the digit of the solution, or nothing (0).
picture(Rows) :-
    grid(Rows),
    append(Rows, Cells),
    foldl(cell, Cells, 0, _).

cell(X, I, Next) :-
    digit(I, Shown),
    Shown #= 0 #\/ Shown #= X,
    Next is I + 1.

grid(Rows) :-
    length(Rows, 9), maplist(same_length(Rows), Rows),
    append(Rows, Cells), Cells ins 1..9,
    maplist(all_distinct, Rows),
    transpose(Rows, Columns), maplist(all_distinct, Columns),
    Rows = [A, B, C, D, E, F, G, H, I],
    boxes(A, B, C), boxes(D, E, F), boxes(G, H, I).

boxes([], [], []).
boxes([A, B, C|Xs], [D, E, F|Ys], [G, H, I|Zs]) :-
    all_distinct([A, B, C, D, E, F, G, H, I]),
    boxes(Xs, Ys, Zs).

clues([[_, _, _, _, _, _, _, 1, _],
       [4, _, _, _, _, _, _, _, _],
       [_, 2, _, _, _, _, _, _, _],
       [_, _, _, _, 5, _, 4, _, 7],
       [_, _, 8, _, _, _, 3, _, _],
       [_, _, 1, _, 9, _, _, _, _],
       [3, _, _, 4, _, _, 2, _, _],
       [_, 5, _, 1, _, _, _, _, _],
       [_, _, _, 8, _, 6, _, _, _]]).
