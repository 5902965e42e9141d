/*  Lists that findall/3 makes for one goal alone, which takes their length, sum or an extreme: both goals become one. */
:- module(neurosym_taken_lists, [tallied/3, tallied_goal/4]).
:- use_module(library(lists)).

%!  tallied(+Head, +Body0, -Body): findall/3 and a goal that takes the length, say, of its list, which nothing else
%   reads, as one goal '$tally'(Kind, Template, Goal, List, Result).
tallied(Head, Body0, Body) :- taken(Body0, Head, Body), !.
tallied(_, Body, Body).

taken(Body0, Head, Body) :-
    parts(Body0, Goals, []),
    append(Before, [findall(Template, Goal, List)|Rest], Goals), var(List),
    append(Between, [Taker|After], Rest), nonvar(Taker),
    tallied_goal(Kind, Taken, Result, Taker), Taken == List,
    \+ mentions(List, Head-Template-Goal-Before-Between-After-Result),
    append([Before, ['$tally'(Kind, Template, Goal, List, Result)], Between, After], Tallied),
    whole(Tallied, Body).

parts(Goal, [Goal|Rest], Rest) :- var(Goal), !.
parts((A, B), Goals, Rest) :- !, parts(A, Goals, Goals1), parts(B, Goals1, Rest).
parts(Goal, [Goal|Rest], Rest).

whole([Goal], Goal) :- !.
whole([Goal|Goals], (Goal, Body)) :- whole(Goals, Body).

mentions(Variable, Term) :- term_variables(Term, Variables), member(Other, Variables), Other == Variable, !.

%!  tallied_goal(?Kind, ?List, ?Result, ?Goal): what is taken of a list, and by which goal.
tallied_goal(length, List, Result, length(List, Result)).
tallied_goal(sum, List, Result, sum_list(List, Result)).
tallied_goal(sum, List, Result, sumlist(List, Result)).
tallied_goal(max, List, Result, max_list(List, Result)).
tallied_goal(min, List, Result, min_list(List, Result)).
