/*  Whether a constraint of library(clpfd) holds of numbers, by Prolog's own arithmetic and nothing else. */
:- module(neurosym_holding, [holds/1, value/2]).
:- use_module(library(lists)).
:- use_module(library(apply)).
:- use_module(operators).

%!  holds(+Constraint) is semidet: Constraint is ground, as a program says it or as poster.pl writes it.
holds(A #= B) :- !, value(A, X), value(B, Y), X =:= Y.
holds(A #\= B) :- !, value(A, X), value(B, Y), X =\= Y.
holds(A #< B) :- !, value(A, X), value(B, Y), X < Y.
holds(A #> B) :- !, value(A, X), value(B, Y), X > Y.
holds(A #=< B) :- !, value(A, X), value(B, Y), X =< Y.
holds(A #>= B) :- !, value(A, X), value(B, Y), X >= Y.
holds(X in Domain) :- !, integer(X), inside(Domain, X).
holds(Xs ins Domain) :- !, forall(member(X, Xs), ( integer(X), inside(Domain, X) )).
holds(all_different(Xs)) :- !, maplist(value, Xs, Values), distinct(Values).
holds(all_distinct(Xs)) :- !, maplist(value, Xs, Values), distinct(Values).
holds(sum(Xs, Operator, E)) :- !, maplist(value, Xs, Values), sum_list(Values, Sum), compared(Operator, Sum, E).
holds(scalar_product(Cs, Xs, Operator, E)) :- !, foldl(add_product, Cs, Xs, 0, Sum), compared(Operator, Sum, E).
holds(element(I, Xs, V)) :- !, value(I, Place), nth1(Place, Xs, X), value(X, Value), value(V, Value).
holds(tuples_in(Tuples, Rows)) :- !, forall(member(Tuple, Tuples), memberchk(Tuple, Rows)).
holds(A = B) :- !, value(A, X), value(B, X).
holds('$in'(Terms, Ranges)) :- !, forall(member(Term, Terms), ( value(Term, V), between_one_of(Ranges, V) )).
holds('$table'(Tuples, Rows)) :- !, forall(member(Tuple, Tuples), ( maplist(value, Tuple, Row), memberchk(Row, Rows) )).
holds('$true'(A)) :- !, truth(A, 1).
holds('$least'(A)) :- !, value(A, _).
holds('$greatest'(A)) :- !, value(A, _).
holds(#\ A) :- !, truth(A, 0).
holds(Constraint) :- connective(Constraint), !, truth(Constraint, 1).
holds(Constraint) :- once(clpfd:Constraint).    % a global one, where that library is loaded

compared(Operator, Sum, E) :- Constraint =.. [Operator, Sum, E], holds(Constraint).

add_product(C, X, Sum0, Sum) :- value(X, V), Sum is Sum0 + C * V.

distinct(Xs) :- sort(Xs, Sorted), same_length(Xs, Sorted).

inside(A \/ B, X) :- !, ( inside(A, X) -> true ; inside(B, X) ).
inside(A..B, X) :- !, ( A == inf -> true ; X >= A ), ( B == sup -> true ; X =< B ).
inside(N, X) :- X =:= N.

between_one_of(Ranges, V) :- member([Low, High], Ranges), ( Low == inf -> true ; V >= Low ), ( High == sup -> true ; V =< High ), !.

connective(_ #/\ _).
connective(_ #\/ _).
connective(_ #\ _).
connective(_ #==> _).
connective(_ #<== _).
connective(_ #<==> _).

%   0 or 1. What has no value makes the innermost comparison false.
truth('$true'(A), Truth) :- !, truth(A, Truth).
truth(1, Truth) :- !, Truth = 1.
truth(0, Truth) :- !, Truth = 0.
truth(#\ A, Truth) :- !, truth(A, X), Truth is 1 - X.
truth(A #/\ B, Truth) :- !, truth(A, X), truth(B, Y), Truth is X /\ Y.
truth(A #\/ B, Truth) :- !, truth(A, X), truth(B, Y), Truth is X \/ Y.
truth(A #\ B, Truth) :- !, truth(A, X), truth(B, Y), Truth is X xor Y.
truth(A #==> B, Truth) :- !, truth(A, X), truth(B, Y), Truth is max(1 - X, Y).
truth(A #<== B, Truth) :- !, truth(A, X), truth(B, Y), Truth is max(X, 1 - Y).
truth(A #<==> B, Truth) :- !, truth(A, X), truth(B, Y), ( X =:= Y -> Truth = 1 ; Truth = 0 ).
truth(Constraint, Truth) :- ( holds(Constraint) -> Truth = 1 ; Truth = 0 ).

%!  value(+Expression, -Value) is semidet: fails where it has none, such as a quotient by 0.
value(N, N) :- integer(N), !.
value('$sum'(Xs), V) :- maplist(value, Xs, Values), sum_list(Values, V).
value(A + B, V) :- value(A, X), value(B, Y), V is X + Y.
value(A - B, V) :- value(A, X), value(B, Y), V is X - Y.
value(A * B, V) :- value(A, X), value(B, Y), V is X * Y.
value(-A, V) :- value(A, X), V is -X.
value(abs(A), V) :- value(A, X), V is abs(X).
value(min(A, B), V) :- value(A, X), value(B, Y), V is min(X, Y).
value(max(A, B), V) :- value(A, X), value(B, Y), V is max(X, Y).
value(A // B, V) :- value(A, X), value(B, Y), Y =\= 0, V is X // Y.
value(A div B, V) :- value(A, X), value(B, Y), Y =\= 0, V is X div Y.
value(A mod B, V) :- value(A, X), value(B, Y), Y =\= 0, V is X mod Y.
value(A rem B, V) :- value(A, X), value(B, Y), Y =\= 0, V is X rem Y.
value(A ^ B, V) :- value(A, X), value(B, Y), power(X, Y, V).
value(A >> B, V) :- value(A, X), value(B, Y), V is X >> Y.
value(A << B, V) :- value(A, X), value(B, Y), V is X << Y.
value(A /\ B, V) :- value(A, X), value(B, Y), V is X /\ Y.
value(A \/ B, V) :- value(A, X), value(B, Y), V is X \/ Y.
value(A xor B, V) :- value(A, X), value(B, Y), V is X xor Y.
value(msb(A), V) :- value(A, X), X > 0, V is msb(X).
value(\ A, V) :- value(A, X), V is \ X.
value(?(A), V) :- value(A, V).
value(#(A), V) :- value(A, V).

power(X, Y, V) :- Y >= 0, !, V is X ^ Y.
power(0, _, 0) :- !.    % as library(clpfd) has it
power(1, _, 1) :- !.
power(-1, Y, V) :- V is 1 - 2 * (Y mod 2).
