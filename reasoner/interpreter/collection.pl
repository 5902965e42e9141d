/*  The lists that findall/3, all/3 and all_or_none/3 collect: of what is uncertain one for each way in which the
    elements are found or not.
*/
:- module(neurosym_collection,
          [ collection/5, flat/1, unrepeated/2, collecting/3, uncertain_items/3, selection/6, few/1, denied/3, merged/2, proof_leaves/5 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(pairs)).
:- use_module(goals).
:- use_module(interpreters).
:- use_module('../limits/deadline').
:- use_module('../limits/memory').
:- use_module(proof_order).
:- use_module(translator).

%!  collection(+Kind, +Template, +Body, +Id, -List): of what is certain. In a library, and where facts and built-ins
%   give the elements one after the other, Prolog's order is ProbLog's.
collection(Kind, Template, Body, Id, List) :- ( library_clause(Id) -> true ; flat(Body) ),
    gathered(Kind, Template, Body, Id, Found),
    ( library_clause(Id) -> true ; unrepeated(Found, Each), same_length(Found, Each) ), !,
    pairs_values(Found, List).
collection(Kind, Template, Body, Id, List) :-
    collecting(Template-Body, Id, in_proof_order(Kind, Template, Body, Id, List)).

in_proof_order(Kind, Template, Body, Id, List) :-
    catch(ordered_proofs(Kind, Template, Body, Id, Found), no_order, fail), !,
    findall(Value, ( member(found(Value, Ways), Found), once(( member(Way, Ways), holds(Way, Id) )) ), List).
in_proof_order(Kind, Template, Body, Id, List) :-
    in_order(Body, Ordered),
    gathered(Kind, Template, Ordered, Id, Found),
    pairs_values(Found, List).

:- meta_predicate collecting(+, +, 0).

%!  collecting(+What, +Id, :Goal) runs a goal that collects; one that comes to collect the same again would never end.
collecting(What, Id, Goal) :-
    ( nb_current(neurosym_collecting, Outer) -> true ; Outer = [] ),
    copy_term(What, Kept),    % What will be bound while the goal runs
    ( member(Other, Outer), Other =@= Kept -> throw(stopped(collection, Id, What)) ; true ),
    b_setval(neurosym_collecting, [Kept|Outer]),
    once(Goal),
    b_setval(neurosym_collecting, Outer).

gathered(Kind, Template, Body, Id, Found) :-
    term_variables(Body, Variables),
    gather(Variables-Template, certain_now(Body, Id), Found0),
    ( Kind == each -> Found = Found0 ; unrepeated(Found0, Found) ).

%!  flat(+Body): facts and built-ins alone.
flat((A, B)) :- flat(A), flat(B).
flat(run(_)).
flat(computed(_, _, _)).
flat(facts(_)).
flat(naf(_)).

holds(Way, Id) :- \+ ( member(Leaf, Way), \+ certain_now(Leaf, Id) ).

%!  uncertain_items(+Leaves, +Id, -Items): of what a proof rests on, what is uncertain; fails if the rest does not hold.
uncertain_items([], _, []).
uncertain_items([Leaf|Leaves], Id, Items) :-
    (   ( Leaf = naf(_) ; Leaf = unproved(_) ) -> certainly_now(Leaf, Id), Items = Rest ; Items = [Leaf|Rest] ),
    uncertain_items(Leaves, Id, Rest).

max_decisions(14).

%!  few(+Found): so few that each list of them can be told apart.
few(Found) :-
    max_decisions(Max),
    exclude(certain_element, Found, Uncertain),
    length(Uncertain, Count), Count =< Max.

certain_element(found(_, Ways)) :- memberchk([], Ways).

%!  selection(+Found, +Known, +Id, -List, -Items, ?Rest) is nondet: Found = [found(Value, Ways), ...] in order, each
%   way a list of items; Known = known(Decisions, True, False, Decided), at first known(0, [], [], []), tells what
%   follows from the elements before.
selection([], _, _, [], I, I).
selection([found(Value, Ways0)|Found], Known, Id, List, I0, I) :-
    open_ways(Ways0, Known, Ways),
    (   ( memberchk([], Ways) ; decided(Ways0, Known, true) )
    ->  List = [Value|Values], selection(Found, Known, Id, Values, I0, I)
    ;   ( Ways == [] ; decided(Ways0, Known, false) )
    ->  selection(Found, Known, Id, List, I0, I)
    ;   next(Known, Id, Value, Count),
        decision(Ways0, Ways, Known, Count, Next, List, [Value|Values], Values, I0, I1),
        selection(Found, Next, Id, Values, I1, I) ).

%   The ways that may still be, without what is known to be true.
open_ways([], _, []).
open_ways([Way0|Ways0], Known, Ways) :-
    exclude(true_in(Known), Way0, Way),
    ( impossible(Way, Known) -> Ways = Rest ; Ways = [Way|Rest] ),
    open_ways(Ways0, Known, Rest).

true_in(known(_, True, _, _), Item) :- one_of(Item, True).

one_of(Item, Items) :- member(Other, Items), Other =@= Item, !.

impossible(Way, known(_, _, False, _)) :- member(Denied, False), \+ ( member(Item, Denied), \+ one_of(Item, Way) ), !.
impossible(Way, known(_, True, _, _)) :-
    member(choice(Id, Number, Variables), Way),
    member(choice(Id, Other, Same), True), Other \== Number, Same == Variables, !.
impossible(Way, known(_, True, _, _)) :-
    member(slot(Name, Slot, Value), Way),
    member(slot(Name, Same, Other), True), Same == Slot, Other \== Value, !.

decided(Ways, known(_, _, _, Decided), In) :- member(Others-In, Decided), Others =@= Ways, !.

next(known(Count0, _, _, _), Id, Value, Count) :-
    max_decisions(Max),
    ( Count0 < Max -> Count is Count0 + 1 ; throw(stopped(collected, Id, Value)) ).

%   In the list, or out of it.
decision(Ways0, Ways, known(_, True, False, Decided), Count, Known, List, List, _, I0, I) :-
    (   Ways = [Way]
    ->  append(Way, I, I0), append(Way, True, AllTrue)
    ;   denied(Ways, Denials, []), conjunction(Denials, None), I0 = [not(None)|I], AllTrue = True ),
    Known = known(Count, AllTrue, False, [Ways0-true|Decided]).
decision(Ways0, Ways, known(_, True, False, Decided), Count, Known, List, _, List, I0, I) :-
    denied(Ways, I0, I),
    append(Ways, False, AllFalse),
    Known = known(Count, True, AllFalse, [Ways0-false|Decided]).

%!  denied(+Ways, -Items, ?Rest): none of them.
denied([], I, I).
denied([Items|Ways], [not(Body)|I0], I) :- conjunction(Items, Body), denied(Ways, I0, I).

%!  merged(+Found, -Distinct): each value once, where it is found first, with all its ways.
merged([], []).
merged([found(Value, Ways)|Found], [found(Value, [First|More])|Distinct]) :-
    Ways = [First],
    same_value(Found, Value, More, Others),
    merged(Others, Distinct).

same_value([], _, [], []).
same_value([found(Other, [Way])|Found], Value, Ways, Others) :-
    (   Other =@= Value -> Ways = [Way|More], Others = Rest ; Ways = More, Others = [found(Other, [Way])|Rest] ),
    same_value(Found, Value, More, Rest).

%!  unrepeated(+Terms, -Unrepeated): each term once, where it is first; variants are the same term.
%   In a trie a term takes the room of its text.
unrepeated(Terms, Unrepeated) :- ( ground(Terms) ; \+ small(Terms, 200_000) ), !, list_to_set(Terms, Unrepeated).
unrepeated(Terms, Unrepeated) :-
    trie_new(Seen),
    findall(Term, ( member(Term, Terms), trie_insert(Seen, Term) ), Unrepeated).

%!  proof_leaves(+Items, +Above, -Leaves, ?Rest, -Key) is nondet: findall/3 sees an answer once for each of its proofs.
%   Keys sort as Prolog's search would find the proofs: clauses in the order of the text, answers as they came.
proof_leaves([], _, Leaves, Leaves, []).
proof_leaves([Item|Items], Above, Leaves0, Leaves, [Key|Keys]) :-
    (   Item = may(Atom, Call)
    ->  \+ ( member(Seen, Above), Seen == Atom ),
        tick,
        instance_of(Atom, Called, Id, Inner), Called =@= Call,
        ( memberchk(choice(Id, Number, _), Inner) -> true ; Number = 0 ),
        Key = [Id, Number|InnerKey],
        proof_leaves(Inner, [Atom|Above], Leaves0, Leaves1, InnerKey)
    ;   Item = nth(Key)
    ->  Leaves0 = Leaves1
    ;   leaf_key(Item, Key),
        Leaves0 = [Item|Leaves1]
    ),
    proof_leaves(Items, Above, Leaves1, Leaves, Keys).

leaf_key(slot(_, _, Value), Value) :- !.
leaf_key(net(_, _, _, _, Index), Index) :- !.
leaf_key(_, 0).
