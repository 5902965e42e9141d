% The mainland states of Australia in three colours, neighbours in different ones. Many solutions.

:- use_module(library(clpfd)).

colouring(WA, NT, SA, Q, NSW, V) :-
    [WA, NT, SA, Q, NSW, V] ins 1..3,
    maplist(differ, [WA-NT, WA-SA, NT-SA, NT-Q, SA-Q, SA-NSW, SA-V, Q-NSW, NSW-V]).

differ(A-B) :- A #\= B.
