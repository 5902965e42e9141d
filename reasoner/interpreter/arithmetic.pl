/*  Arithmetic as ProbLog defines it, within bounds: `/` is a float division, `//`, `mod` and `rem` round down,
    `round` rounds halves to the even number, `integer` cuts the fraction off, `sign` is an integer.

    Expressions are rewritten before Prolog evaluates them, since they may come together only at run time.
*/
:- module(neurosym_arithmetic, [evaluate/2, compare_values/3, rewritten/3, small_integers/1]).
:- set_prolog_flag(optimise, true).
:- op(500, yfx, #).
:- op(500, yfx, ><).

max_bits(13_000).    % about 4,000 decimal digits

%!  evaluate(+Expression, -Value): within bounds, as ProbLog computes it.
evaluate(Expression, Value) :-
    rewrite(Expression, Safe),
    Value is Safe.

%!  compare_values(+Relation, +A, +B) of two expressions.
compare_values(Relation, A0, B0) :-
    rewrite(A0, A),
    rewrite(B0, B),
    compare_(Relation, A, B).

compare_(<, A, B) :- A < B.
compare_(>, A, B) :- A > B.
compare_(=<, A, B) :- A =< B.
compare_(>=, A, B) :- A >= B.
compare_(=:=, A, B) :- A =:= B.
compare_(=\=, A, B) :- A =\= B.

%!  rewrite(+Expression, -Safe) refuses chance, clocks and numbers that grow beyond max_bits/1.
rewrite(X, _) :- var(X), !, throw(error(instantiation_error, _)).
rewrite(X, X) :- number(X), !, check_size(X).
rewrite(X, _) :- chance(X), !, throw(impure(X)).
rewrite(X, _) :- fraction(X), !, throw(error(type_error(evaluable, X), _)).
rewrite(A0/B0, A/float(B)) :- !, rewrite(A0, A), rewrite(B0, B1), nonzero(B1, B).
rewrite(A0//B0, div(A, B)) :- !, rewrite(A0, A), rewrite(B0, B).
rewrite(rem(A0, B0), mod(A, B)) :- !, rewrite(A0, A), rewrite(B0, B).
rewrite(A0**B0, X) :- !, power(A0, B0, X).
rewrite(A0^B0, X) :- !, power(A0, B0, X).
rewrite(A0<<B0, A<<B) :- !, rewrite(A0, A1), A is A1, rewrite(B0, B1), B is B1, growth(A, B).
rewrite(A0*B0, X) :- !, rewrite(A0, A1), rewrite(B0, B1), X is A1*B1, check_size(X).
rewrite(round(A0), X) :- !, rewrite(A0, A1), A is A1, nearest(A, X).
rewrite(float_integer_part(A0), truncate(A)) :- !, rewrite(A0, A).
rewrite(integer(A0), truncate(A)) :- !, rewrite(A0, A).
rewrite(sign(A0), truncate(sign(A))) :- !, rewrite(A0, A).
rewrite(exp(A0, B0), float(A)**float(B)) :- !, rewrite(A0, A), rewrite(B0, B).
rewrite(A0#B0, xor(A, B)) :- !, rewrite(A0, A), rewrite(B0, B).
rewrite(A0><B0, xor(A, B)) :- !, rewrite(A0, A), rewrite(B0, B).
rewrite([X0], X) :- !, rewrite(X0, X).
rewrite(X, X) :- atom(X), !.
rewrite(X, Y) :- compound(X), functor(X, _, 1), !, X =.. [Name, A0], rewrite(A0, A), Y =.. [Name, A].
rewrite(X, Y) :- compound(X), functor(X, _, 2), !,
    X =.. [Name, A0, B0], rewrite(A0, A), rewrite(B0, B), Y =.. [Name, A, B].
rewrite(X, _) :- throw(error(type_error(evaluable, X), _)).

/*  Most goals only add, multiply or divide a few numbers. They are rewritten once, for the calls in which all variables
    are small integers: then nothing can fail, grow large or differ from ProbLog.
*/

%!  rewritten(+Goal, -Variables, -Safe) is semidet: what Prolog may run instead if small_integers(Variables).
rewritten(X is E0, Variables, X is E) :- once_rewritten(E0, E), term_variables(E0, Variables).
rewritten(Goal, Variables, Safe) :-
    compound(Goal), compound_name_arguments(Goal, Name, [A0, B0]), memberchk(Name, [<, >, =<, >=, =:=, =\=]),
    once_rewritten(A0, A), once_rewritten(B0, B),
    Safe =.. [Name, A, B],
    term_variables(A0-B0, Variables).

once_rewritten(E0, E) :- exact(E0, E, Bits), Bits < 1_000.

%   exact(+E0, -E, -Bits): the value is an integer of at most so many bits.
exact(X, X, 40) :- var(X), !.
exact(X, X, 40) :- integer(X), abs(X) < 1<<40.
exact(A0+B0, A+B, Bits) :- exact(A0, A, M), exact(B0, B, N), Bits is max(M, N) + 1.
exact(A0-B0, A-B, Bits) :- exact(A0, A, M), exact(B0, B, N), Bits is max(M, N) + 1.
exact(A0*B0, A*B, Bits) :- exact(A0, A, M), exact(B0, B, N), Bits is M + N.
exact(A0//B, div(A, B), Bits) :- integer(B), B =\= 0, exact(A0, A, Bits).
exact(A0 mod B, A mod B, Bits) :- integer(B), B =\= 0, exact(A0, A, Bits).

%!  small_integers(+Values): below 2^40, so that no step of a safe expression leaves 64 bits.
small_integers([]).
small_integers([X|Xs]) :- integer(X), X < 0x10000000000, X > -0x10000000000, small_integers(Xs).

%   Exact fractions are not of the language, and grow without bound.
fraction(_ rdiv _).
fraction(rational(_)).
fraction(rationalize(_)).

chance(random(_)).
chance(random_float).
chance(random).
chance(cputime).
chance(realtime).

%   Halves are rounded to the even number.
nearest(A, A) :- integer(A), !.
nearest(A, X) :-
    Below is floor(A), Over is A - Below,
    ( Over < 0.5 -> X = Below ; Over > 0.5 -> X is Below + 1 ; X is Below + Below mod 2 ).

nonzero(B0, B) :- B is B0, ( B =:= 0 -> throw(error(evaluation_error(zero_divisor), _)) ; true ).

power(A0, B0, X) :-
    rewrite(A0, A1), A is A1, rewrite(B0, B1), B is B1,
    (   integer(A), integer(B), B >= 0
    ->  ( abs(A) =< 1 -> true ; Bits is msb(abs(A)), growth(Bits, B, *) ),
        X is A**B
    ;   integer(A), integer(B)
    ->  X is float(A)**B
    ;   X is A**B
    ).

growth(A, Shift) :- ( A =:= 0 -> true ; Bits is msb(abs(A)), growth(Bits, Shift, +) ).
growth(Bits, By, Operation) :-
    Expression =.. [Operation, Bits, By],
    Total is Expression,
    max_bits(Max),
    ( Total > Max -> throw(too_large(Max)) ; true ).

check_size(X) :- integer(X), abs(X) > 1_000_000_000_000, !,
    max_bits(Max), Bits is msb(abs(X)),
    ( Bits > Max -> throw(too_large(Max)) ; true ).
check_size(_).
