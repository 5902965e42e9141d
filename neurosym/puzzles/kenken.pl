% KenKen of 4 x 4: rows and columns hold 1 to 4; the cells of a cage yield its number by its operation.

:- use_module(library(clpfd)).

kenken(Rows) :-
    Rows = [[A1, A2, A3, A4], [B1, B2, B3, B4], [C1, C2, C3, C4], [D1, D2, D3, D4]],
    append(Rows, Cells), Cells ins 1..4,
    maplist(all_distinct, Rows),
    transpose(Rows, Columns), maplist(all_distinct, Columns),
    A1 * B1 * B2 #= 24,
    quotient(A2, A3, 2),
    A4 + B4 #= 5,
    B3 + C3 + C4 #= 9,
    C1 - D1 #= 3 #\/ D1 - C1 #= 3,
    C2 * D2 #= 3,
    D3 + D4 #= 5.

quotient(A, B, N) :- A #= N * B #\/ B #= N * A.
