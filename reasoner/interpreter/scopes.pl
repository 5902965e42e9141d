% What ProbLog's library(scope) adds: scopes of conjunctions, lists of scopes, and built-ins in any scope.
C:R :- nonvar(R), R = (A, B), C:A, C:B.
C:R :- nonvar(C), C = [C1|_], C1:R.
C:R :- nonvar(C), \+ is_list(C), [C]:R.
List:R :- nonvar(List), is_list(List), select(X, List, Rest), Rest = [_|_], [X|Rest] \== List, [X|Rest]:R.
_:R :- nonvar(R), try_call(R).
