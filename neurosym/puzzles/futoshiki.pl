% Futoshiki of 5 x 5: rows and columns hold 1 to 5, and the signs between cells hold.

:- use_module(library(clpfd)).

futoshiki(Rows) :-
    clues(Rows),
    length(Rows, 5), maplist(same_length(Rows), Rows),
    append(Rows, Cells), Cells ins 1..5,
    maplist(all_distinct, Rows),
    transpose(Rows, Columns), maplist(all_distinct, Columns),
    findall(Greater-Less, greater(Greater, Less), Signs),
    maplist(holds(Rows), Signs).

holds(Rows, Greater-Less) :-
    at(Rows, Greater, X), at(Rows, Less, Y),
    X #> Y.

at(Rows, R/C, X) :- nth1(R, Rows, Row), nth1(C, Row, X).

clues([[_, _, _, _, _],
       [4, _, _, _, 2],
       [_, _, 4, _, _],
       [_, _, _, _, 4],
       [_, _, _, _, _]]).

greater(1/3, 1/2).
greater(2/4, 3/4).
greater(3/1, 4/1).
greater(3/5, 3/4).
greater(5/1, 5/2).
greater(5/2, 4/2).
greater(5/3, 4/3).
