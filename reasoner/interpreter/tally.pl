/*  The length, the sum or an extreme of a list that findall/3 collects of many uncertain elements, by dynamic
    programming: element after element, one atom for each value that there may be so far, instead of each list.
*/
:- module(neurosym_tally, [tally/6]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(pairs)).
:- use_module(collection).
:- use_module('../limits/deadline').
:- use_module(interpreters).

%!  tally(+Kind, +Ways, +Number, +Id, ?Result, -Items) is nondet: Ways = [found(Value, Ways), ...] in order; Items is
%   what it rests on that Result is taken of the elements that there are; Number tells this collection from others.
tally(Kind, Found, Number, Id, Result, Items) :-
    length(Found, Count),
    ( Kind == length -> Start = 0 ; Kind == sum -> Start = 0 ; Start = none ),
    steps(Found, 1, Count, Kind, Number, Id, Result, [Start-[]], Ends),
    member(Value-Items, Ends),
    Value \== none,
    Result = Value.

steps([], _, _, _, _, _, _, Ends, Ends).
steps([found(Value, Ways)|Found], Place, Count, Kind, Number, Id, Result, States0, Ends) :-
    tick,
    element(Ways, Number-Place, Id, In, Out),
    findall(Next-Items,
            (   member(State-Before, States0),
                (   Out == certain -> More = [], after(Kind, State, Value, Next)
                ;   More = In, after(Kind, State, Value, Next)
                ;   More = Out, Next = State ),
                Left is Count - Place,
                reachable(Kind, Result, Next, Left),
                append(Before, More, Items) ), Moves0),
    keysort(Moves0, Moves),
    group_pairs_by_key(Moves, Groups),
    maplist(state(Number-Place, Id), Groups, States),
    Following is Place + 1,
    steps(Found, Following, Count, Kind, Number, Id, Result, States, Ends).

state(_, _, Value-[Items], Value-Items) :- ( Items = [] ; Items = [may(_, _)] ), !.
state(Place, Id, Value-Cases, Value-[may(Atom, Atom)]) :-
    Atom = '$tally'(Place, Value),
    forall(member(Items, Cases), rule_found(Atom, Id, Items)).

%   What an element rests on, and what its absence does.
element(Ways, _, _, [], certain) :- memberchk([], Ways), !.
element([Way], _, _, Way, Out) :- !, denied([Way], Out, []).
element(Ways, Place, Id, [may(Atom, Atom)], Out) :-
    Atom = '$element'(Place),
    forall(member(Way, Ways), rule_found(Atom, Id, Way)),
    denied(Ways, Out, []).

after(length, Count0, _, Count) :- Count is Count0 + 1.
after(sum, Sum0, Value, Sum) :- Sum is Sum0 + Value.
after(max, none, Value, Value) :- !.
after(max, Most, Value, Greater) :- Greater is max(Most, Value).
after(min, none, Value, Value) :- !.
after(min, Least, Value, Lesser) :- Lesser is min(Least, Value).

%   Whether a value so far may become the one that is asked for.
reachable(_, Result, _, _) :- \+ number(Result), !.
reachable(length, Result, Count, Left) :- !, Count =< Result, Count + Left >= Result.
reachable(max, Result, Most, _) :- !, ( Most == none -> true ; Most =< Result ).
reachable(min, Result, Least, _) :- !, ( Least == none -> true ; Least >= Result ).
reachable(_, _, _, _).
