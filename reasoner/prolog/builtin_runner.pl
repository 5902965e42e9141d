/*  Runs built-in predicates as ProbLog has them, within limits, and says of each fault where it happened. */
:- module(neurosym_builtin_runner, [run_builtin/2, compute/4, undefined_goal/2]).
:- set_prolog_flag(optimise, true).
:- use_module(library(error)).
:- use_module(library(lists)).
:- use_module(arithmetic).
:- use_module(builtins).
:- use_module(deadline).
:- use_module(memory).
:- use_module(translator).
:- use_module(world).

%!  compute(+Goal, +Variables, +Safe, +Id): arithmetic that may run as Safe. An endless search fails again and again: then is the time to look at the clock.
compute(Goal, Variables, Safe, Id) :-
    (   \+ small_integers(Variables) -> run_builtin(Goal, Id)
    ;   call(Safe) -> true
    ;   tick, fail ).

%!  run_builtin(+Goal, +Id) is nondet.
run_builtin(Goal, Id) :-
    tick,
    catch(builtin_goal(Goal), Error, builtin_error(Error, Goal, Id)).

builtin_goal(X is Y) :- !, evaluate(Y, Value), X = Value.
builtin_goal(X < Y) :- !, compare_values(<, X, Y).
builtin_goal(X > Y) :- !, compare_values(>, X, Y).
builtin_goal(X =< Y) :- !, compare_values(=<, X, Y).
builtin_goal(X >= Y) :- !, compare_values(>=, X, Y).
builtin_goal(X =:= Y) :- !, compare_values(=:=, X, Y).
builtin_goal(X =\= Y) :- !, compare_values(=\=, X, Y).
builtin_goal('$indices'(Call, Indices)) :- !,
    findall(Index, ( clause_(Call, _, _), arg(1, Call, Index) ), Found), sort(Found, Indices).
builtin_goal('$subquery'(Goal, Evidence, Found)) :- !,
    must_be(callable, Goal), must_be(list(callable), Evidence),
    ( Evidence == [] -> Given = true ; conjunction(Evidence, Given) ),
    (   clause_('$answered'(Asked, Known, Answers), true, _), Asked-Known =@= Goal-Given
    ->  Found = Answers
    ;   affordable(Goal-Given), throw(unanswered(Goal, Given)) ).
builtin_goal(atom(X)) :- X == [], !.    % as in ProbLog
builtin_goal(Goal) :- printing(Goal), !.
builtin_goal(Goal) :- spelling(Goal, Text), !, call(Goal), keep_text(Text).
builtin_goal(Goal) :- nonlogical(Goal), tested(Goal), call(Goal).
builtin_goal(Goal) :- \+ nonlogical(Goal), call(Goal).

builtin_error(error(resource_error(What), Context), _, _) :- !, throw(error(resource_error(What), Context)).
builtin_error(error(Error, _), Goal, Id) :- !, throw(builtin(Id, Goal, Error)).
builtin_error(told_apart, _, _) :- !, throw(told_apart).
builtin_error(impure(Part), _, Id) :- !, throw(stopped(impure, Id, Part)).
builtin_error(unanswered(Asked, Given), _, Id) :- !, throw(stopped(subquery, Id, Asked-Given)).
builtin_error(too_large(_), Goal, Id) :- !, throw(stopped(large, Id, Goal)).
builtin_error(Error, _, _) :- throw(Error).

%   An atom of one's own making lies outside the stacks.
spelling(atom_chars(Text, _), Text).
spelling(atom_codes(Text, _), Text).

%!  undefined_goal(+Goal, +Id): what is nowhere defined fails, or is reported.
undefined_goal(_, _) :- undefined_fails_, !, fail.
undefined_goal(Goal, Id) :- functor(Goal, Name, Arity), throw(stopped(called, Id, Name/Arity)).
