/*  What rests on what: which predicates are uncertain, which are recursive, and whether negation stands in a circle. */
:- module(neurosym_analysis,
          [ add_dependencies/2, forget_dependencies/0, uncertain/1, mark_uncertain/1, reaches/2, unstratified/0,
            goals_of/2, collects/2, applied/3, extend/3 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).

:- thread_local calls_/3, called_by_/2, uncertain_/1.

%!  forget_dependencies: of the program before.
forget_dependencies :-
    retractall(calls_(_, _, _)), retractall(called_by_(_, _)), retractall(uncertain_(_)).

%   Predicates as atoms, by which Prolog finds clauses at once; Name/Arity is found no faster than by a search.
key(any, any) :- !.
key(Name/Arity, Key) :- atomic_list_concat([Name, Arity], '/', Key).

%!  add_dependencies(+Head:indicator, +Body) notes the predicates that a body calls.
%   A goal known only at run time counts as a call of the pseudo-indicator `any`.
add_dependencies(Head, Body) :-
    findall(Goal, ( goals_of(Body, Goal), Goal \== (+)-(true/0) ), Goals0),
    sort(Goals0, Goals),
    key(Head, Caller),
    forall(member(Sign-Called, Goals),
           ( key(Called, Callee), assertz(calls_(Caller, Callee, Sign)), assertz(called_by_(Callee, Caller)) )).

%!  goals_of(+Body, -Call) is nondet: Call = Sign-Indicator, Sign = + or - (under negation or collection).
goals_of(Goal, Call) :- goal(Goal, +, Call).

goal(Goal, Sign, Sign-any) :- var(Goal), !.
goal((A, B), Sign, Call) :- !, ( goal(A, Sign, Call) ; goal(B, Sign, Call) ).
goal((A ; B), Sign, Call) :- !, ( goal(A, Sign, Call) ; goal(B, Sign, Call) ).
goal((A -> B), Sign, Call) :- !, ( goal(A, -, Call) ; goal(B, Sign, Call) ).
goal(\+ A, _, Call) :- !, goal(A, -, Call).
goal(not(A), _, Call) :- !, goal(A, -, Call).
goal(once(A), Sign, Call) :- !, goal(A, Sign, Call).
goal('$value'(A, _), Sign, Call) :- !, goal(A, Sign, Call).
goal(forall(A, B), _, Call) :- !, ( goal(A, -, Call) ; goal(B, -, Call) ).
goal(Collect, _, Call) :- collects(Collect, Inner), !, goal(Inner, -, Call).
goal(Goal, Sign, Call) :- compound(Goal), functor(Goal, >>, Arity), Arity >= 2, !,
    Goal =.. [_, Parameters, Lambda|Extra],
    length(Extra, Given), parameters(Parameters, Taken),
    More is max(0, Given - Taken),
    ( callable(Lambda), extend(Lambda, More, Body) -> goal(Body, Sign, Call) ; Call = Sign-any ).
goal(Meta, Sign, Call) :- applies(Meta, Closure, Extra), !,
    (   callable(Closure), extend(Closure, Extra, Goal)
    ->  ( goal(Goal, Sign, Call) ; functor(Meta, Name, Arity), Name \== call, Call = Sign-Name/Arity )
    ;   Call = Sign-any
    ).
goal(Goal, Sign, Sign-Name/Arity) :- callable(Goal), functor(Goal, Name, Arity).

parameters(Parameters, 0) :- \+ nonvar(Parameters), !.
parameters(_/Parameters, Count) :- !, parameters(Parameters, Count).
parameters(Parameters, Count) :- ( is_list(Parameters) -> length(Parameters, Count) ; Count = 0 ).

%!  collects(+Goal, -Collected): the goal whose answers it lists.
collects(findall(_, Goal, _), Goal).
collects(all(_, Goal, _), Goal).
collects(all_or_none(_, Goal, _), Goal).

applies(Goal, Closure, Extra) :-
    functor(Goal, Name, Arity),
    applied(Name, Arity, Extra), !,
    arg(1, Goal, Closure).

%!  applied(+Name, +Arity, -Extra): its first argument is called with so many more arguments.
applied(call, Arity, Extra) :- Arity > 0, Extra is Arity - 1.
applied(maplist, Arity, Extra) :- Arity > 1, Extra is Arity - 1.
applied(foldl, Arity, Extra) :- Arity > 3, Extra is Arity - 1.
applied(convlist, 3, 2).
applied(partition, 4, 1).
applied(include, 3, 1).
applied(exclude, 3, 1).

%!  extend(+Closure, +Extra, -Goal): with so many new variables as last arguments.
extend(Closure, Extra, Goal) :-
    Closure =.. [Name|Arguments],
    length(More, Extra),
    append(Arguments, More, All),
    Goal =.. [Name|All].

%!  mark_uncertain(+Seeds) marks all predicates from which a seed can be reached; `any` reaches every predicate.
mark_uncertain(Seeds) :-
    maplist(key, Seeds, Keys),
    mark_all(Keys),
    ( uncertain_(_) -> mark_all([any]) ; true ).

mark_all([]).
mark_all([Key|Keys]) :-
    (   uncertain_(Key) -> mark_all(Keys)
    ;   assertz(uncertain_(Key)),
        findall(Caller, called_by_(Key, Caller), Callers),
        append(Callers, Keys, Todo),
        mark_all(Todo) ).

%!  uncertain(+Indicator): it rests on something uncertain.
uncertain(Indicator) :- key(Indicator, Key), uncertain_(Key), !.

%!  reaches(+From, +To): by one call or more.
reaches(From0, To0) :- key(From0, From), key(To0, To), connected([From], To, []).

connected([From|_], To, _) :- ( calls_(From, To, _) ; calls_(From, any, _) ), !.
connected([From|Rest], To, Seen) :-
    findall(Next, ( calls_(From, Next, _), \+ memberchk(Next, Seen) ), Found0),
    sort(Found0, Found),
    append(Found, Seen, AllSeen),
    append(Rest, Found, Todo),
    connected(Todo, To, AllSeen).

%!  unstratified: some predicate may rest on its own negation; tables must then be read with their delays.
unstratified :- calls_(From, To, -), ( From == To ; connected([To], From, []) ), !.
