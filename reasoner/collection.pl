/*  The lists that findall/3 may collect: one for each way in which its uncertain elements are found or not. */
:- module(neurosym_collection, [selection/6]).
:- use_module(library(lists)).

%!  selection(+Found, +Decided, +Id, -List, -Items, ?Rest) is nondet: Found = [found(Value, Items), ...] in order.
selection([], _, _, [], I, I).
selection([found(Value, [])|Found], Decided, Id, [Value|Values], I0, I) :- !,
    selection(Found, Decided, Id, Values, I0, I).
selection([found(Value, Items)|Found], Decided, Id, Values, I0, I) :-
    member(Known-In, Decided), Known =@= Items, !,
    ( In == true -> Values = [Value|Rest] ; Values = Rest ),
    selection(Found, Decided, Id, Rest, I0, I).
selection([found(Value, Items)|Found], Decided, Id, Values, I0, I) :-
    ( length(Decided, 14) -> throw(stopped(collected, Id, Value)) ; true ),
    (   Values = [Value|Rest],
        append(Items, I1, I0),
        selection(Found, [Items-true|Decided], Id, Rest, I1, I)
    ;   conjunction(Items, Body),
        I0 = [not(Body)|I1],
        selection(Found, [Items-false|Decided], Id, Values, I1, I)
    ).

conjunction([Item], Item) :- !.
conjunction([Item|Items], (Item, Body)) :- conjunction(Items, Body).
