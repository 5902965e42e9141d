% A 4x4 board is valid if no two cells of a row, a column or a box show the same.
board(valid) :- \+ clash.
board(invalid) :- clash.

clash :- together(I, J), digit(I, X), digit(J, X).

together(I, J) :- between(0, 15, I), between(0, 15, J), I < J, share(I, J).

share(I, J) :- I // 4 =:= J // 4.                               % row
share(I, J) :- I mod 4 =:= J mod 4.                             % column
share(I, J) :- I // 8 =:= J // 8, I mod 4 // 2 =:= J mod 4 // 2.  % box
