/*  Lists that one goal makes and the next one reads are not made at all: both run side by side, element by element.

    In parse(Images, R) :- symbols(Images, L), value(L, R) the lists L are as many as there are readings, but what is
    left to read after a few elements is often the same. So the two goals become one atom, '$list'(symbols(I, '$tail'),
    value([S|'$tail'], R)): the reader takes a step, the maker follows as far as the reader has looked, and what both
    have left is again such an atom, tabled. In the literature: conjunctive partial deduction, deforestation.

    Proofs name the goals that a program has; so it is not done for them.
*/
:- module(neurosym_joining,
          [ join_lists/0, forget_joining/0, joins/1, joined_body/3, closed/5, opened/6, made/5, read_clause/7 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(occurs)).
:- use_module(analysis).
:- use_module(interpreters).
:- use_module(clause_store).
:- use_module(translator).

:- thread_local joining/0, driven_/4.

%!  join_lists: from now on, in this request.
join_lists :-
    (   joinable_searched_ -> true
    ;   forall(( neighbours_(Id), clause_(Head, Body, Id), joined_body(Head, Body, Joined), Joined \== Body ),
               assertz(joinable_(Id))),
        assertz(joinable_searched_) ),
    ( joinable_(_) -> assertz(joining) ; true ).

%!  joins(+Id) holds if the clause makes a list that is not to be made.
joins(Id) :- joining, joinable_(Id), !.

%!  forget_joining: of the request before.
forget_joining :- retractall(joining), retractall(driven_(_, _, _, _)).

%!  joined_body(+Head, +Body, -Joined): two neighbours of which the first makes a list that only the second reads, as one.
joined_body(Head, Body, Joined) :-
    goals(Body, Goals),
    append(Before, [may(Maker), Marked|After], Goals),
    reader(Marked, Reader),
    reads(Maker, Out, Reader, In, List),
    \+ occurs(List, Head-Before-After), !,
    append(Before, [list(Maker, Out, Reader, In)|After], New),
    body(New, Joined).
joined_body(_, Body, Body).

goals(true, []) :- !.
goals((A, B), Goals) :- !, goals(A, As), goals(B, Bs), append(As, Bs, Goals).
goals(Goal, [Goal]).

body([Goal], Goal) :- !.
body([Goal|Goals], (Goal, Body)) :- body(Goals, Body).

occurs(Variable, Term) :- sub_var(Variable, Term).

%   What reads may be certain itself, as long as no cut looks at the order of its clauses.
reader(may(Reader), Reader).
reader(sure(Reader), Reader) :- \+ unstratified_.
reader(plain(Reader), Reader) :- \+ unstratified_, \+ ( clause_(Reader, Body, _), goals(Body, Goals), memberchk(cut, Goals) ).

%   The reader's list ends with the variable that the maker binds.
reads(Maker, Out, Reader, In, List) :-
    compound(Maker), compound(Reader),
    functor(Maker, Name, Arity), uncertain(Name/Arity),
    arg(Out, Maker, List), var(List), occurrences_of_var(List, Maker, 1), driven(Maker, Out),
    arg(In, Reader, Read), '$skip_list'(_, Read, Tail), Tail == List, occurrences_of_var(List, Reader, 1),
    driven(Reader, In), !.

%   Each of its clauses takes its list apart, and it calls itself.
driven(Goal, Place) :-
    functor(Goal, Name, Arity),
    (   driven_(Name, Arity, Place, Known) -> Known == true
    ;   functor(Head, Name, Arity),
        (   reaches(Name/Arity, Name/Arity),
            forall(clause_(Head, _, _), ( arg(Place, Head, List), nonvar(List), ( List == [] ; List = [_|_] ) ))
        ->  Known = true
        ;   Known = false ),
        assertz(driven_(Name, Arity, Place, Known)), Known == true ).

%!  closed(+Maker, +Out, +Reader, +In, -Atom): the list that is still to be made is '$tail' in the atom.
closed(Maker, Out, Reader, In, '$list'(Closed, ClosedReader)) :-
    replaced(Maker, Out, '$tail', Closed),
    arg(In, Reader, List), ended(List, '$tail', ClosedList),
    replaced(Reader, In, ClosedList, ClosedReader).

%!  opened(+Atom, +Out, +In, -Maker, -Reader, -List): the atom's goals, with a new variable for what is to be made.
opened('$list'(Closed, ClosedReader), Out, In, Maker, Reader, List) :-
    replaced(Closed, Out, List, Maker),
    arg(In, ClosedReader, ClosedList), ended(ClosedList, List, Read),
    replaced(ClosedReader, In, Read, Reader).

replaced(Goal, Place, Argument, New) :-
    Goal =.. [Name|Arguments0],
    nth1(Place, Arguments0, _, Rest), nth1(Place, Arguments, Argument, Rest), !,
    New =.. [Name|Arguments].

ended(List, End, End) :- \+ ( nonvar(List), List = [_|_] ), !.
ended([Element|List], End, [Element|Ended]) :- ended(List, End, Ended).

%!  made(+Maker, +Out, -Items, ?Rest, -Left) is nondet: the maker follows as far as its list is read; what is left of it.
made(Maker, Out, I, I, [Maker]) :- arg(Out, Maker, List), var(List), !.
made(Maker, Out, I0, I, Left) :-
    clause_(Maker, Body, Id),
    goals(Body, Goals),
    made_goals(Goals, Maker, Out, Id, I0, I, Left).

made_goals([], _, _, _, I, I, []).
made_goals([may(Goal)|Goals], Maker, Out, Id, I0, I, Left) :-
    functor(Maker, Name, Arity), functor(Goal, Name, Arity),
    arg(Out, Goal, List),
    ( nonvar(List) -> true ; \+ occurs(List, Goals), occurrences_of_var(List, Maker, 1) ), !,
    made(Goal, Out, I0, I1, Left0),
    made_goals(Goals, Maker, Out, Id, I1, I, Left1),
    append(Left0, Left1, Left).
made_goals([Goal|Goals], Maker, Out, Id, I0, I, Left) :-
    items_of(Goal, Id, Items), append(Items, I1, I0),
    made_goals(Goals, Maker, Out, Id, I1, I, Left).

%!  read_clause(+Body, +Left, +Out, +Outside, +Id, -Items, ?Rest) is nondet: a reader's clause; who asks for what is not
%   made yet has it made, unless it reads it as the reader did.
read_clause(Body, Left, Out, Outside, Id, I0, I) :- goals(Body, Goals), read_on(Goals, Left, Out, Outside, Id, I0, I).

read_on([], Left, _, _, Id, I0, I) :- forced(Left, Id, I0, I).
read_on([Goal|Goals], [Maker], Out, Outside, Id, I0, I) :-
    reader(Goal, Reader), reads(Maker, Out, Reader, In, List), \+ occurs(List, Outside-Goals), !,
    items_of(list(Maker, Out, Reader, In), Id, Items), append(Items, I1, I0),
    read_on(Goals, [], Out, Outside, Id, I1, I).
read_on([Goal|Goals], Left, Out, Outside, Id, I0, I) :-
    member(Maker, Left), arg(Out, Maker, List), occurs(List, Goal), !,
    forced(Left, Id, I0, I1),
    read_on([Goal|Goals], [], Out, Outside, Id, I1, I).
read_on([Goal|Goals], Left, Out, Outside, Id, I0, I) :-
    items_of(Goal, Id, Items), append(Items, I1, I0),
    read_on(Goals, Left, Out, Outside, Id, I1, I).

forced([], _, I, I).
forced([Maker|Makers], Id, I0, I) :-
    items_of(may(Maker), Id, Items), append(Items, I1, I0),
    forced(Makers, Id, I1, I).
