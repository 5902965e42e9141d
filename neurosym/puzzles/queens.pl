% Eight queens on a chessboard, none of which attacks another; queen I stands in column I and row Q. Many solutions.

:- use_module(library(clpfd)).

queens(Queens) :-
    length(Queens, 8),
    Queens ins 1..8,
    safe(Queens).

safe([]).
safe([Q|Queens]) :- no_attack(Queens, Q, 1), safe(Queens).

no_attack([], _, _).
no_attack([Q|Queens], Q0, Distance) :-
    Q0 #\= Q,
    abs(Q0 - Q) #\= Distance,
    Next is Distance + 1,
    no_attack(Queens, Q0, Next).
