% Predicates of ProbLog's library(apply) in Prolog, read like a program: used where what is applied is uncertain.
maplist(_, []).
maplist(P, [A|As]) :- call(P, A), maplist(P, As).
maplist(_, [], []).
maplist(P, [A|As], [B|Bs]) :- call(P, A, B), maplist(P, As, Bs).
maplist(_, [], [], []).
maplist(P, [A|As], [B|Bs], [C|Cs]) :- call(P, A, B, C), maplist(P, As, Bs, Cs).
maplist(_, [], [], [], []).
maplist(P, [A|As], [B|Bs], [C|Cs], [D|Ds]) :- call(P, A, B, C, D), maplist(P, As, Bs, Cs, Ds).
foldl(_, [], R, R).
foldl(P, [A|As], R0, R) :- call(P, A, R0, R1), foldl(P, As, R1, R).
foldl(_, [], [], R, R).
foldl(P, [A|As], [B|Bs], R0, R) :- call(P, A, B, R0, R1), foldl(P, As, Bs, R1, R).
include(_, [], []).
include(P, [A|As], [A|Bs]) :- call(P, A), include(P, As, Bs).
include(P, [A|As], Bs) :- \+ call(P, A), include(P, As, Bs).
exclude(_, [], []).
exclude(P, [A|As], [A|Bs]) :- \+ call(P, A), exclude(P, As, Bs).
exclude(P, [A|As], Bs) :- call(P, A), exclude(P, As, Bs).
