/*  The lists that findall/3 may collect: one for each way in which its uncertain elements are found or not. */
:- module(neurosym_collection, [selection/6, merged/2, unrepeated/2]).
:- use_module(library(lists)).

%!  selection(+Found, +Decided, +Id, -List, -Items, ?Rest) is nondet: Found = [found(Value, Ways), ...] in order, each
%   way a list of items.
selection([], _, _, [], I, I).
selection([found(Value, Ways)|Found], Decided, Id, [Value|Values], I0, I) :- memberchk([], Ways), !,
    selection(Found, Decided, Id, Values, I0, I).
selection([found(Value, Ways)|Found], Decided, Id, Values, I0, I) :-
    member(Known-In, Decided), Known =@= Ways, !,
    ( In == true -> Values = [Value|Rest] ; Values = Rest ),
    selection(Found, Decided, Id, Rest, I0, I).
selection([found(Value, Ways)|Found], Decided, Id, Values, I0, I) :-
    ( length(Decided, 14) -> throw(stopped(collected, Id, Value)) ; true ),
    (   Values = [Value|Rest],
        ( Ways = [Items] -> append(Items, I1, I0) ; denied(Ways, Denials, []), conjunction(Denials, None), I0 = [not(None)|I1] ),
        selection(Found, [Ways-true|Decided], Id, Rest, I1, I)
    ;   denied(Ways, I0, I1),
        selection(Found, [Ways-false|Decided], Id, Values, I1, I)
    ).

denied([], I, I).
denied([Items|Ways], [not(Body)|I0], I) :- conjunction(Items, Body), denied(Ways, I0, I).

conjunction([Item], Item) :- !.
conjunction([Item|Items], (Item, Body)) :- conjunction(Items, Body).

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

%!  unrepeated(+Terms, -Distinct): each term once, where it is first; variants are the same term.
unrepeated(Terms, Distinct) :-
    trie_new(Seen),
    findall(Term, ( member(Term, Terms), trie_insert(Seen, Term) ), Distinct).
