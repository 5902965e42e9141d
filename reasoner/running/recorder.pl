/*  The constraints of library(clpfd) as a program calls them: posted to it, and noted, so that what is found can be checked
    and another search can be asked.
*/
:- module(neurosym_recorder, [start_recording/0, recorded/1, note/1]).
:- use_module(library(clpfd), []).
:- use_module('../clpfd/operators').
:- use_module('../clpfd/holding').

%!  start_recording: nothing is posted yet.
start_recording :- b_setval(neurosym_recorded, []).

%!  recorded(-Constraints): those that are posted, the last first.
recorded(Constraints) :- b_getval(neurosym_recorded, Constraints).

%!  note(+Constraint): it was posted, and says more than its numbers do.
note(Constraint) :-
    (   ground(Constraint) -> true
    ;   b_getval(neurosym_recorded, Before), b_setval(neurosym_recorded, [Constraint|Before]) ).

%   Arithmetic on numbers needs no constraint.
X #= Y :- ground(Y), value(Y, V), !, ( var(X) -> X = V ; integer(X) -> X =:= V ; clpfd:(X #= V), note(X #= V) ).
X #= Y :- clpfd:(X #= Y), note(X #= Y).
X #\= Y :- integer(X), integer(Y), !, X =\= Y.
X #\= Y :- clpfd:(X #\= Y), note(X #\= Y).
X #< Y :- integer(X), integer(Y), !, X < Y.
X #< Y :- clpfd:(X #< Y), note(X #< Y).
X #> Y :- integer(X), integer(Y), !, X > Y.
X #> Y :- clpfd:(X #> Y), note(X #> Y).
X #=< Y :- integer(X), integer(Y), !, X =< Y.
X #=< Y :- clpfd:(X #=< Y), note(X #=< Y).
X #>= Y :- integer(X), integer(Y), !, X >= Y.
X #>= Y :- clpfd:(X #>= Y), note(X #>= Y).
X #/\ Y :- clpfd:(X #/\ Y), note(X #/\ Y).
X #\/ Y :- clpfd:(X #\/ Y), note(X #\/ Y).
X #\ Y :- clpfd:(X #\ Y), note(X #\ Y).
X #==> Y :- clpfd:(X #==> Y), note(X #==> Y).
X #<== Y :- clpfd:(X #<== Y), note(X #<== Y).
X #<==> Y :- clpfd:(X #<==> Y), note(X #<==> Y).
X in Y :- clpfd:(X in Y), note(X in Y).
X ins Y :- clpfd:(X ins Y), note(X ins Y).
#\ X :- clpfd:(#\ X), note(#\ X).

in_set(A, B) :- clpfd:in_set(A, B), note(in_set(A, B)).
all_different(A) :- clpfd:all_different(A), note(all_different(A)).
all_distinct(A) :- clpfd:all_distinct(A), note(all_distinct(A)).
sum(A, B, C) :- clpfd:sum(A, B, C), note(sum(A, B, C)).
scalar_product(A, B, C, D) :- clpfd:scalar_product(A, B, C, D), note(scalar_product(A, B, C, D)).
tuples_in(A, B) :- clpfd:tuples_in(A, B), note(tuples_in(A, B)).
lex_chain(A) :- clpfd:lex_chain(A), note(lex_chain(A)).
serialized(A, B) :- clpfd:serialized(A, B), note(serialized(A, B)).
global_cardinality(A, B) :- clpfd:global_cardinality(A, B), note(global_cardinality(A, B)).
global_cardinality(A, B, C) :- clpfd:global_cardinality(A, B, C), note(global_cardinality(A, B, C)).
circuit(A) :- clpfd:circuit(A), note(circuit(A)).
cumulative(A) :- clpfd:cumulative(A), note(cumulative(A)).
cumulative(A, B) :- clpfd:cumulative(A, B), note(cumulative(A, B)).
disjoint2(A) :- clpfd:disjoint2(A), note(disjoint2(A)).
element(A, B, C) :- clpfd:element(A, B, C), note(element(A, B, C)).
chain(A, B) :- clpfd:chain(A, B), note(chain(A, B)).
automaton(A, B, C) :- clpfd:automaton(A, B, C), note(automaton(A, B, C)).
automaton(A, B, C, D, E, F, G, H) :- clpfd:automaton(A, B, C, D, E, F, G, H), note(automaton(A, B, C, D, E, F, G, H)).
