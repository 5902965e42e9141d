/*  Continuous facts, such as normal(180, 8) :: height(ann): their values stay symbols while a program is grounded.

    value(height(ann), H) binds H to '$value'(height(ann)), arithmetic on it makes a '$formula'(Expression), and a
    comparison becomes a leaf that samples decide. Nothing else can be asked of such a symbol.
*/
:- module(neurosym_densities, [distribution/1, values_read/2, symbolic/1, formula/4]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(builtins, [goal_arguments/2]).

%!  distribution(+Term): of one real number.
distribution(Term) :-
    compound(Term), compound_name_arity(Term, Name, Arity),
    memberchk(Name/Arity, [ normal/2, gaussian/2, uniform/2, exponential/1, gamma/2, beta/2, poisson/1, triangular/3,
                            vonmises/2, weibull/2, fixed/1, constant/1 ]).

%!  values_read(+Clauses0, -Clauses): where something is continuous, value/2 reads it, unless the program has its own.
values_read(Clauses0, Clauses) :-
    (   member(clause(_, _, rule(_, _, density), _, _), Clauses0),
        \+ ( member(clause(_, _, rule(Pairs, _, _), _, _), Clauses0), member(_-Head, Pairs), nonvar(Head), Head = value(_, _) )
    ->  maplist(value_read, Clauses0, Clauses)
    ;   Clauses = Clauses0 ).

value_read(clause(Id, Offset, rule(Pairs, Body0, Choice), Names, Positions),
           clause(Id, Offset, rule(Pairs, Body, Choice), Names, Positions)) :- read_in(Body0, Body).

read_in(Goal, Goal) :- var(Goal), !.
read_in(value(Atom, Value), '$value'(Atom, Value)) :- !.
read_in(Goal0, Goal) :- goal_arguments(Goal0, Indices), !,
    Goal0 =.. [Name|Arguments0],
    findall(I, nth1(I, Arguments0, _), Places),
    maplist(read_argument(Indices), Places, Arguments0, Arguments),
    Goal =.. [Name|Arguments].
read_in(Goal, Goal).

read_argument(Indices, Place, Argument0, Argument) :-
    ( memberchk(Place, Indices) -> read_in(Argument0, Argument) ; Argument = Argument0 ).

%!  symbolic(+Term): it holds a value that is still to be drawn.
symbolic(Term) :-
    compound(Term),
    (   compound_name_arity(Term, Name, 1), ( Name == '$value' ; Name == '$formula' ) -> true
    ;   arg(_, Term, Argument), symbolic(Argument) -> true ).

%!  formula(+Goal, +Id, -Items, ?Rest) is nondet: arithmetic on symbols; what it must satisfy becomes a leaf.
formula(X is Expression, _, I, I) :- var(X), !, X = '$formula'(Expression).
formula(X is Expression, _, [test(=:=(X, Expression))|I], I) :- !.
formula(X = Y, _, I, I) :- !, X = Y.
formula(Goal, _, [test(Goal)|I], I) :-
    functor(Goal, Name, 2), memberchk(Name, [<, >, =<, >=, =:=, =\=]), !.
formula(Goal, Id, _, _) :- throw(stopped(drawn, Id, Goal)).
