/*  One goal: values of slots and of networks, built-in calls, the order of answers, and what is told apart. */
:- module(neurosym_goals,
          [ install_world/1, forget_world/0, in_world/0, world_fact/3, tell_calls_apart/0, by_call/0, tested/1, collected/2, listed/2,
            in_order/2, undefined_goal/2, slot_value/4, possible_value/4, decided/2, asked_of_network/2, compute/4, all_computed/0,
            run_builtin/2, conjunction/2, key/3 ]).
:- set_prolog_flag(optimise, true).
:- use_module(library(error)).
:- use_module(library(lists)).
:- use_module(library(backcomp), [sumlist/2]).
:- use_module(translator).
:- use_module(analysis).
:- use_module(builtins).
:- use_module(arithmetic).
:- use_module('../limits/deadline').
:- use_module('../limits/memory').

:- thread_local world_fact/3, in_world/0, by_call/0, uncomputed_/1.

%!  world_fact(?Name, ?Slot, ?Value), in_world: what install_world/1 has stated, and whether it has.
%!  by_call: each call has an atom of its own, as tell_calls_apart/0 asks.
%!  in_world: see world_fact/3.

%!  forget_world: nothing is installed, and calls share their atoms.
forget_world :- retractall(uncomputed_(_)), retractall(world_fact(_, _, _)), retractall(in_world), retractall(by_call).

%!  install_world(+Facts): each slot has one value, given as fact(Domain, Slot, Value), of a choice as of(ClauseId, Text).
install_world(Facts) :-
    assertz(in_world),
    forall(member(fact(Name, Slot, Value), Facts), assertz(world_fact(Name, Slot, Value))).

%!  undefined_goal(+Goal, +Id): fails or stops, as the program wants of what it does not define.
undefined_goal(_, _) :- undefined_fails_, !, fail.
undefined_goal(Goal, Id) :- functor(Goal, Name, Arity), throw(stopped(called, Id, Name/Arity)).

%!  in_order(+Body, -Ordered): marks the goals of a body whose answers shall come in Prolog's order.
in_order((A0, B0), (A, B)) :- !, in_order(A0, A), in_order(B0, B).
in_order(or(A0, B0), or(A, B)) :- !, in_order(A0, A), in_order(B0, B).
in_order(if(C, A0, B0), if(C, A, B)) :- !, in_order(A0, A), in_order(B0, B).
in_order(plain(Goal), ordered(Goal)) :- !.
in_order(sure(Goal), ordered(Goal)) :- \+ unstratified_, !.
in_order(call(Goal, Extra), ordered_call(Goal, Extra)) :- !.
in_order(Body, Body).

/*  One atom may stand for several calls as long as what is true of a call is true of its instances. A goal that tells
    a variable from its instances ends that: the ground program is written again, with an atom for each call.
*/

%!  tested(+Goal): of which only whether it holds counts.
tested(Goal) :- ( ground(Goal) -> true ; told_apart ).

%!  collected(+Template, +Goal): of which the answers are listed.
collected(_, Goal) :- ground(Goal), !.
collected(Template, Goal) :-
    term_variables(Template, Own), term_variables(Goal, Free),
    ( member(Variable, Free), \+ ( member(Other, Own), Other == Variable ) -> told_apart ; true ).

%!  listed(+List, +Id): as in Prolog, what is collected is a list, or is to become one.
listed(List, Id) :-
    '$skip_list'(_, List, Tail),
    ( ( var(Tail) ; Tail == [] ) -> true ; throw(stopped(no_list, Id, List)) ).

%!  tell_calls_apart: from now on.
tell_calls_apart :- assertz(by_call).

told_apart :- ( ( by_call ; in_world ) -> true ; throw(told_apart) ).

%!  slot_value(+Name, +Slot, ?Value, +Id) is nondet, in the installed world if there is one.
slot_value(Name, Slot, Value, Id) :-
    possible_value(Name, Slot, Value, Id),
    ( in_world -> world_fact(Name, Slot, Value) ; true ).

%!  possible_value(+Name, +Slot, ?Value, +Id) is nondet: a value of the domain.
possible_value(Name, Slot, Value, Id) :-
    (   integer(Slot), Slot >= 0 -> true
    ;   Goal =.. [Name, Slot, Value], throw(stopped(slot, Id, Goal)) ),
    domain_(Name, Values), ( integer(Value) -> memberchk(Value, Values) ; member(Value, Values) ).

%!  decided(+Id, +Variables): a choice is made for ground instances only.
decided(Id, Variables) :- ( ground(Variables) -> true ; clause_(Head, _, Id), throw(stopped(nonground, Id, Head)) ).

%!  asked_of_network(+Inputs, +Id): a network is asked about ground inputs only.
asked_of_network(Inputs, Id) :- ( ground(Inputs) -> true ; throw(stopped(input, Id, Inputs)) ).

%   An endless search fails again and again: then is the time to look at the clock.
%!  compute(+Goal, +Variables, +Safe, +Id): arithmetic, quickly where all integers are small.
compute(Goal, Variables, Safe, Id) :-
    (   \+ small_integers(Variables) -> run_builtin(Goal, Id)
    ;   call(Safe) -> true
    ;   tick, fail ).

%!  run_builtin(+Goal, +Id) is nondet; its errors name the clause.
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
builtin_goal('$computed'(Name, Inputs, Found)) :- !,
    must_be(ground, Inputs),
    (   clause_('$known'(Name, Asked, Answers), true, _), Asked == Inputs
    ->  Found = Answers
    ;   Call =.. [Name|Inputs], ( uncomputed_(Call) -> true ; affordable(Call), assertz(uncomputed_(Call)) ), fail ).
builtin_goal('$known'(Goal)) :- !, callable(Goal), forall(goals_of(Goal, _-Called), known_call(Called)).
builtin_goal('$counted'(Semiring, Evaluator)) :- !, known_semiring(Semiring), known_evaluator(Evaluator).
builtin_goal(clause(Head, Body)) :- !, stated_clause(Head, Body, _).
builtin_goal(clause(Head, Body, Probability)) :- !, stated_clause(Head, Body, Probability).
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

%!  all_computed: nothing was asked of Python that is not answered yet; else it is answered before all begins anew.
all_computed :-
    findall(Call, uncomputed_(Call), Calls),
    ( Calls == [] -> true ; throw(stopped(computed, -1, Calls)) ).

%   A clause as it was written, with the probability of its head; those of the library are not the program's.
stated_clause(Head, Body, Probability) :-
    written(Id, Head0, Body0, Choice, _), \+ library_clause(Id),
    Head = Head0, Body = Body0,
    (   Choice = choice(Id, Number, Variables)
    ->  chance_(Id, Variables, Pairs, _), nth0(Number, Pairs, Probability0-_), Probability = Probability0
    ;   Probability = 1.0 ).

known_call(any) :- !.
known_call(Name/Arity) :-
    functor(Goal, Name, Arity), ( defined(Goal) ; goal_arguments(Goal, _) ; builtin(Goal) ; Goal == ! ), !.

%   Of the last arguments of subquery/5 those that ask for a probability, by whatever means.
known_semiring(Semiring) :- text_atom(Semiring, Name), memberchk(Name, [prob, logprob]).
known_evaluator(Evaluator) :- text_atom(Evaluator, Name), memberchk(Name, [sdd, sddx, bdd, fsdd, fbdd, nnf, ddnnf]).

text_atom(Text, Name) :- ( string(Text) ; atom(Text) ), atom_string(Name, Text).

%   An atom of one's own making lies outside the stacks.
spelling(atom_chars(Text, _), Text).
spelling(atom_codes(Text, _), Text).

%!  conjunction(+Goals, -Body) of at least one.
conjunction([Item], Item) :- !.
conjunction([Item|Items], (Item, Body)) :- conjunction(Items, Body).

%!  key(+Call, +Atom, -Key): in the ground program.
key(Call, Atom, Key) :- ( by_call, Call \=@= Atom -> Key = called(Call, Atom) ; Key = atom(Atom) ).
