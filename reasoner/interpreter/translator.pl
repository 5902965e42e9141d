/*  Stores a program for the interpreters: each goal is marked once with how it is to be run.

    facts(G), plain(G), sure(G), moded(G): certain, by facts, as Prolog runs it,
    tabled, tabled with modes; may(G): uncertain, tabled; run(G): a
    built-in; computed(G, V, S): one that may run as S if the variables V are small integers; naf(B), unproved(G):
    negation of what is certain; not(B): of what is uncertain; undefined(G): nowhere defined.
*/
:- module(neurosym_translator,
          [ install_program/6, forget_program/0, forget_calls/0, translate/3, translate_call/4, defined/1, certain_body/1, body_text/2,
            written_/5, written/5, domain_/2, unstratified_/0, collects_/0, continuous_/0,
            neighbours_/1, joinable_/1, joinable_searched_/0,
            undefined_fails_/0, head_/2, kind_/3, moded_/3, library_clause/1 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(analysis).
:- use_module(taken_lists).
:- use_module(arithmetic).
:- use_module(builtins).
:- use_module(library_reader).
:- use_module(checker).
:- reexport(clause_store).
:- use_module(json_writer).
:- use_module(refusals).

:- op(1000, xfx, ::).

:- thread_local moded_/3, written_/5, head_/2, domain_/2, source_/4, unstratified_/0, collects_/0, kind_/3, all_certain_/0,
    undefined_fails_/0, scoped_/0, continuous_/0, neighbours_/1, joinable_/1, joinable_searched_/0, library_from_/1, written_collects_/0.

%!  written_(?Id, ?Head, ?Body, ?Choice, ?Names): a clause as it was written.
%!  head_(?Name, ?Arity): a predicate that the program defines.
%!  domain_(?Name, ?Values): what a slot may be.
%!  unstratified_, collects_, undefined_fails_: negation stands in a circle; something uncertain is collected; what is
%   nowhere defined is false, as ':- unknown(fail)' asks.
%!  collects_: see unstratified_/0.
%!  undefined_fails_: see unstratified_/0.

%!  neighbours_(?Id), joinable_(?Id), joinable_searched_: clauses in which one goal may make a list for the next, those in
%   which it does, and whether these were looked for.
%!  joinable_(?Id): see neighbours_/1.
%!  joinable_searched_: see neighbours_/1.
%!  continuous_: some facts have values of their own, which densities.pl keeps as symbols.

%!  kind_(?Name, ?Arity, ?Kind): how goals of a predicate are marked, as far as it is known.
%!  moded_(?Name, ?Arity, ?Table): of a predicate, of whose answers some are kept only.
%!  written(?Id, ?Head, ?Body, ?Choice, ?Names): the same, of facts too that were stored as they were read.
written(Id, Head, Body, Choice, Names) :- written_(Id, Head, Body, Choice, Names).
written(Id, Head, true, Choice, []) :-
    bulk_(_, _, _, _), !,
    clause_(Head, Marked, Id), \+ written_(Id, _, _, _, _),
    ( Marked == true -> Choice = none ; Choice = Marked ).

%!  forget_program: all of it.
forget_program :-
    forget_dependencies,
    forget_clauses, retractall(written_(_, _, _, _, _)), retractall(head_(_, _)), retractall(domain_(_, _)),
    retractall(source_(_, _, _, _)), retractall(unstratified_), retractall(collects_),
    retractall(kind_(_, _, _)), retractall(all_certain_), retractall(undefined_fails_), retractall(scoped_),
    retractall(continuous_), retractall(neighbours_(_)), retractall(joinable_(_)), retractall(joinable_searched_),
    retractall(library_from_(_)), retractall(moded_(_, _, _)), retractall(written_collects_).

%!  forget_calls: what goals that came together at run time have added.
forget_calls :- ( written_collects_ -> true ; retractall(collects_) ).

%!  declare(+Directives): predicates that may have no clauses, and are false then.
declare(Directives) :-
    ( memberchk(use_module(library(scope)), Directives) -> assertz(scoped_) ; true ),
    forall(( member(Directive, Directives), declared(Directive, Name/Arity) ), declare(Name, Arity)).

declare(Name, Arity) :- ( head_(Name, Arity) -> true ; assertz(head_(Name, Arity)) ).

%!  install_program(+Clauses, +Count, +Directives, +Domains, +Check, +World): Count clauses, those included that are stored
%   already; World = true if each slot and choice has one known value; Check = false, or check(Unknown) as check_clauses/4
%   has it.
install_program(Clauses0, Count, Directives, Domains0, Check, World) :-
    ( memberchk(unknown(fail), Directives) -> assertz(undefined_fails_) ; true ),
    declare(Directives),
    with_scopes(Clauses0, Clauses1),
    length(Clauses0, Length), length(Clauses1, WithScopes), First is Count + WithScopes - Length,
    with_library(Clauses1, First, Clauses),
    assertz(library_from_(Count)),
    exclude(replaced(Clauses0), Domains0, Domains),
    forall(member(domain(Name, Values), Domains), assertz(domain_(Name, Values))),
    forall(member(clause(Id, _, rule(Pairs, Body, Choice), Names, _), Clauses),
           add_source(Id, Pairs, Body, Choice, Names)),
    findall(Seed, seed(Clauses, Domains, Seed), Seeds),
    mark_uncertain(Seeds),
    forall(( member(Directive, Directives), moded_table(Directive, Table) ), add_moded(Table)),
    ( Check = check(Unknown) -> check_clauses(Clauses0, Domains, Directives, Unknown) ; true ),
    ( unstratified -> assertz(unstratified_) ; true ),
    ( World == true -> assertz(all_certain_) ; true ),
    forall(( source_(Id, Head, Body, Choice), \+ bulk_(_, _, Id, _) ), add_clause(Id, Head, Body, Choice)),
    ( collects_ -> assertz(written_collects_) ; true ).

%   What ':- use_module(library(scope))' adds to a program.
with_scopes(Clauses, All) :- ( scoped_ -> scope_clauses(Clauses, More), append(Clauses, More, All) ; All = Clauses ).

add_moded(Table) :-
    functor(Table, Name, Arity),
    ( uncertain(Name/Arity) -> throw(refused(table_mode, -1, Table)) ; assertz(moded_(Name, Arity, Table)) ).

%   A program that brings its own network for a predicate does not mean the domain of that name.
replaced(Clauses, domain(Name, _)) :-
    member(clause(_, _, rule([_-Head], _, net(_, _, _, _)), _, _), Clauses),
    functor(Head, Name, 2), !.

seed(_, Domains, Name/2) :- member(domain(Name, _), Domains).
seed(Clauses, _, Name/Arity) :-
    member(clause(_, _, rule(Pairs, _, Choice), _, _), Clauses),
    ( Choice == chance ; Choice == density ; Choice = net(_, _, _, _) ),
    member(_-Head, Pairs), callable(Head), functor(Head, Name, Arity).

add_source(Id, Pairs, Body0, Choice, Names) :-
    negations(Body0, Body, Id, 0, _),
    ( Choice == chance -> scope(Pairs, Body0, Variables), assertz(chance_(Id, Variables, Pairs, Body0)) ; true ),
    add_heads(Pairs, 0, Id, Body0, Body, choice(Choice, Variables), Names).

%   written_(Id, Head, Body, Choice, Names) is the clause as the user wrote it, one for each head.
add_heads([], _, _, _, _, _, _).
add_heads(Pairs0, Number, Id, Body0, Body, choice(Choice0, Variables), Names) :-
    Pairs0 = [_-Head|Pairs],
    (   Choice0 == chance -> Choice = choice(Id, Number, Variables)
    ;   Choice0 == density -> Pairs0 = [Distribution-_], Choice = density(Head, Distribution)
    ;   Choice = Choice0 ),
    ( callable(Head) -> add_rule(Id, Head, Body, Choice), assertz(written_(Id, Head, Body0, Choice, Names)) ; true ),
    Next is Number + 1,
    add_heads(Pairs, Next, Id, Body0, Body, choice(Choice0, Variables), Names).

add_rule(Id, Head, Body, Choice) :-
    functor(Head, Name, Arity),
    declare(Name, Arity),
    add_dependencies(Name/Arity, Body),
    assertz(source_(Id, Head, Body, Choice)).

%   The variables that tell the instances of a probabilistic clause apart: not those that live under a negation.
scope(Pairs, Body, Variables) :-
    outer(Body, Outer),
    pair_heads(Pairs, Heads),
    term_variables(Heads-Outer, Variables).

pair_heads([], []).
pair_heads([_-Head|Pairs], [Head|Heads]) :- pair_heads(Pairs, Heads).

outer(Body, Body) :- var(Body), !.
outer((A0, B0), A-B) :- !, outer(A0, A), outer(B0, B).
outer((A0 ; B0), A-B) :- !, outer(A0, A), outer(B0, B).
outer((A0 -> B0), A-B) :- !, outer(A0, A), outer(B0, B).
outer(\+ _, []) :- !.
outer(not(_), []) :- !.
outer(forall(_, _), []) :- !.
outer(findall(_, _, L), L) :- !.
outer(all(_, _, L), L) :- !.
outer(all_or_none(_, _, L), L) :- !.
outer(Body, Body).

%   Negation of a conjunction of what is certain becomes negation of an atom with a rule of its own.
negations(A, A, _, N, N) :- var(A), !.
negations((A0, B0), (A, B), Id, N0, N) :- !, negations(A0, A, Id, N0, N1), negations(B0, B, Id, N1, N).
negations((A0 ; B0), (A ; B), Id, N0, N) :- !, negations(A0, A, Id, N0, N1), negations(B0, B, Id, N1, N).
negations((A -> B0), (A -> B), Id, N0, N) :- !, negations(B0, B, Id, N0, N).
negations(not(A), B, Id, N0, N) :- !, negations(\+ A, B, Id, N0, N).
negations(forall(A, B), C, Id, N0, N) :- !, negations(\+ (A, \+ B), C, Id, N0, N).
negations(\+ A, \+ A, _, N, N) :- var(A), !.
negations(\+ A, \+ A, _, N, N) :- \+ goal_arguments(A, _), !.
negations(\+ A0, \+ Head, Id, N0, N) :- !,
    negations(A0, A, Id, N0, N1),
    term_variables(A, Variables),
    atomic_list_concat(['$negated', Id, N1], ' ', Name),    % a predicate of its own: others may be uncertain
    Head =.. [Name, Variables],
    add_rule(Id, Head, A, none),
    N is N1 + 1.
negations(A, A, _, N, N).

add_clause(Id, Head, Body0, Choice) :-
    ( defined(length(_, _)) -> Taken = Body0 ; tallied(Head-Choice, Body0, Taken) ),
    translate(Taken, Id, Body1),
    (   Choice = choice(_, _, _) -> join(Body1, Choice, Body)
    ;   Choice = density(_, _) -> ( continuous_ -> true ; assertz(continuous_) ), join(Body1, Choice, Body)
    ;   Choice = net(Name, Inputs, Output, Values) -> join(Body1, net(Name, Inputs, Output, Values, _), Body)
    ;   Choice = function(Name, Inputs, Output)
    ->  Value =.. [Name|Inputs], join(Body1, run(Output = Value), Body)
    ;   Body = Body1 ),
    ( neighbours(Body) -> assertz(neighbours_(Id)) ; true ),
    assertz(clause_(Head, Body, Id)).

%   Something uncertain stands before a goal of a program: it may make a list for it, as joining.pl has it.
neighbours((may(_), Next)) :- ( Next = (First, _) -> true ; First = Next ), First =.. [Kind, _], memberchk(Kind, [may, sure, plain]), !.
neighbours((_, Body)) :- neighbours(Body).

join(true, Goal, Goal) :- !.
join(Body, Goal, (Body, Goal)).

%!  defined(+Goal): by the program.
defined(Goal) :- callable(Goal), functor(Goal, Name, Arity), head_(Name, Arity), !.

%!  translate(+Goal, +Id, -Body): the goal, marked.
translate(Goal, _, call(Goal, [])) :- var(Goal), !.
translate((A0, B0), Id, Body) :- !,
    translate(A0, Id, A), translate(B0, Id, B),
    ( A == true -> Body = B ; B == true -> Body = A ; Body = (A, B) ).
translate((C0 -> A0 ; B0), Id, if(C, A, B)) :- !,
    translate(C0, Id, C), translate(A0, Id, A), translate(B0, Id, B).
translate((A0 ; B0), Id, or(A, B)) :- !, translate(A0, Id, A), translate(B0, Id, B).
translate((C0 -> A0), Id, if(C, A, run(fail))) :- !, translate(C0, Id, C), translate(A0, Id, A).
translate(not(A), Id, Body) :- !, translate(\+ A, Id, Body).
translate(forall(A, B), Id, Body) :- !, translate(\+ (A, \+ B), Id, Body).
translate(\+ A0, Id, Body) :- !,
    translate(A0, Id, A),
    (   A = sure(Goal), unstratified_ -> Body = unproved(Goal)
    ;   certain_body(A) -> Body = naf(A)
    ;   Body = not(A) ).
translate(findall(Template, A, List), Id, Body) :- !, translate_collection(Template, A, List, each, Id, Body).
translate('$tally'(Kind, Template, A, List, Result), Id, Body) :- !,
    translate_collection(Template, A, List, each, Id, Body0),
    tallied_goal(Kind, List, Result, Goal),
    ( Body0 = collect(_, B, _, _) -> Body = tally(Kind, Template, B, List, Result) ; Body = (Body0, run(Goal)) ).
translate(all(Template, A, List), Id, (Body, run(List \== []))) :- !,
    translate_collection(Template, A, List, distinct, Id, Body).
translate(all_or_none(Template, A, List), Id, Body) :- !, translate_collection(Template, A, List, distinct, Id, Body).
translate(once(A0), Id, Body) :- !,
    translate(A0, Id, A),
    ( certain_body(A) -> Body = once(A) ; Body = A ).
translate('$value'(Atom, Value), Id, (Body, symbol(Atom, Value))) :- !, translate(Atom, Id, Body).
translate(!, _, cut) :- !.
translate(true, _, true) :- !.
translate(Goal, Id, Body) :- compound(Goal), Goal =.. [call, Closure|Extra], \+ defined(Goal), !,
    (   callable(Closure), Closure \= (_ >> _) -> translate_call(Closure, Extra, Id, Body)
    ;   Body = call(Closure, Extra) ).    % a lambda may call itself: step by step
translate(Goal, _, Body) :- defined(Goal), !,
    functor(Goal, Name, Arity), kind(Name, Arity, Kind), Body =.. [Kind, Goal].
translate(Goal, _, slot(Name, Slot, Value)) :-
    compound(Goal), compound_name_arguments(Goal, Name, [Slot, Value]), domain_(Name, _), !.
translate(Goal, _, computed(Goal, Variables, Safe)) :- rewritten(Goal, Variables, Safe), !.
translate(Goal, _, run(Goal)) :- builtin(Goal), !.
translate(Goal, _, undefined(Goal)).

translate_collection(Template, A0, List, Kind, Id, Body) :-
    translate(A0, Id, A),
    (   certain_body(A) -> Body = findall(Template, A, List, Kind)
    ;   ( collects_ -> true ; assertz(collects_) ), Body = collect(Template, A, List, Kind) ).

%!  translate_call(+Closure, +Extra, +Id, -Body): a goal that came together at run time is checked as it is marked.
translate_call(Closure, _, Id, _) :- var(Closure), !, throw(stopped(unbound, Id, Closure)).
translate_call(Closure, Extra, Id, Body) :- Closure = (_ >> _), !,
    lambda_goal(Closure, Extra, Goal, Rest),
    translate_call(Goal, Rest, Id, Body).
translate_call(Closure, Extra, Id, Body) :-
    (   callable(Closure), Closure \= _:_ -> true ; throw(stopped(called, Id, Closure)) ),
    Closure =.. [Name|Arguments],
    append(Arguments, Extra, All),
    Goal =.. [Name|All],
    translate(Goal, Id, Body).

%   library(yall): Free/[X1, ...]>>Goal shares the variables of Free with its surroundings and no others.
lambda_goal(Lambda0, Extra, Goal, Rest) :-
    ( Lambda0 = (Free/_ >> _) -> true ; Free = [] ),
    copy_term_nat(Free-Lambda0, Free-Lambda),
    ( Lambda = (_/Parameters >> Goal) -> true ; Lambda = (Parameters >> Goal) ),
    passed(Parameters, Extra, Rest).

passed([Parameter|Parameters], [Given|Extra], Rest) :- !, Parameter = Given, passed(Parameters, Extra, Rest).
passed(_, Rest, Rest).

kind(Name, Arity, Kind) :- kind_(Name, Arity, Kind), !.
kind(Name, Arity, Kind) :-
    functor(Head, Name, Arity),
    (   uncertain(Name/Arity), \+ all_certain_ -> Kind = may
    ;   moded_(Name, Arity, _) -> Kind = moded
    ;   \+ ( source_(_, Head, Body, Choice), ( Body \== true ; Choice \== none ) ) -> Kind = facts
    ;   source_(_, Head, Body, _), has_cut(Body) -> Kind = plain
    ;   applied(Name, Arity, _), own_library(Head) -> Kind = plain
    ;   reaches(Name/Arity, Name/Arity) -> Kind = sure
    ;   Kind = plain ),
    assertz(kind_(Name, Arity, Kind)).

%   Recursion over a list, as maplist/2 does it, ends with the list.
own_library(Head) :- source_(Id, Head, _, _), !, library_clause(Id).

%!  library_clause(+Id): it came from library.pl.
library_clause(Id) :- library_from_(First), Id >= First.

has_cut(Body) :- var(Body), !, fail.
has_cut(!).
has_cut((A, B)) :- ( has_cut(A) ; has_cut(B) ), !.
has_cut((A ; B)) :- ( has_cut(A) ; has_cut(B) ), !.
has_cut((_ -> B)) :- has_cut(B).

%!  certain_body(+Body): nothing in it is uncertain. A goal known at run time may be anything if anything is uncertain.
certain_body(_) :- all_certain_, !.
certain_body((A, B)) :- !, certain_body(A), certain_body(B).
certain_body(or(A, B)) :- !, certain_body(A), certain_body(B).
certain_body(if(_, A, B)) :- !, certain_body(A), certain_body(B).
certain_body(call(_, _)) :- !, \+ uncertain(any).
certain_body(Body) :- \+ memberchk(Body, [may(_), not(_), slot(_, _, _), collect(_, _, _, _), tally(_, _, _, _, _), density(_, _),
                                       symbol(_, _)]).

%!  body_text(+Body, -Text): as the user would write it.
body_text(Body, Text) :- written(Body, Goal), term_text(Goal, Text).

written((A0, B0), (A, B)) :- !, written(A0, A), written(B0, B).
written(or(A0, B0), (A ; B)) :- !, written(A0, A), written(B0, B).
written(if(C0, A0, B0), (C -> A ; B)) :- !, written(C0, C), written(A0, A), written(B0, B).
written(naf(A0), \+ A) :- !, written(A0, A).
written(not(A0), \+ A) :- !, written(A0, A).
written(unproved(A), \+ A) :- !.
written(computed(A, _, _), A) :- !.
written(findall(T, A0, L, _), findall(T, A, L)) :- !, written(A0, A).
written(collect(T, A0, L, _), findall(T, A, L)) :- !, written(A0, A).
written(tally(Kind, T, A0, L, R), (findall(T, A, L), Goal)) :- !, written(A0, A), tallied_goal(Kind, L, R, Goal).
written(symbol(Atom, Value), value(Atom, Value)) :- !.
written(density(Head, _), Head) :- !.
written(slot(Name, Slot, Value), Goal) :- !, Goal =.. [Name, Slot, Value].
written(choice(Id, Number, Variables), Head) :- !, chance_(Id, Variables, Pairs, _), nth0(Number, Pairs, _-Head).
written(net(Name, Inputs, Output, _, _), Goal) :- !, Goal = nn(Name, Inputs, Output).
written(Marked, Goal) :- Marked =.. [Mark, Goal], memberchk(Mark, [facts, plain, sure, moded, may, run, once, undefined]), !.
written(Goal, Goal).
