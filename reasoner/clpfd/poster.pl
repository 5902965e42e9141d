/*  Posts constraints: each is translated to a ground term over numbered variables '$fd'(K) and kept, with its place.

    A variable gets its number when it is first constrained. From then on, unifying it posts an equality, so that what
    is posted says everything. Posts and numbers are undone on backtracking.
*/
:- module(neurosym_constraint_poster,
          [ start_posting/0, all_posted/1, work_at/1, worked_at/1, without_posting/1, numbered/2, post/2, perceived/5,
            failed/2, forget_failures/0 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(aggregate)).
:- use_module(constraint_reader).
:- use_module(operators).
:- use_module(globals).
:- use_module(balancing).

:- thread_local failed/2.

%!  start_posting: nothing is posted yet.
start_posting :-
    b_setval(neurosym_posted, []), b_setval(neurosym_count, 0), b_setval(neurosym_tentative, false),
    work_at(-1 - -1).

%!  all_posted(-Posted): [posted(Place, Term), ...] in order.
all_posted(Posted) :-
    b_getval(neurosym_posted, Reversed),
    reverse(Reversed, Posted).

%!  work_at(+Place) and worked_at(-Place): the place in the text of the goal at work.
%!  worked_at(-Place): see work_at/1.
work_at(Place) :- b_setval(neurosym_place, Place).
worked_at(Place) :- b_getval(neurosym_place, Place).

%!  failed(-Place, -Goal): a constraint on numbers that does not hold; forget_failures forgets all.
%!  forget_failures: see failed/2.
forget_failures :- retractall(failed(_, _)).

%!  without_posting(:Goal): what is only tried may not post: whether a constraint can be met is not known yet.
:- meta_predicate without_posting(0).
without_posting(Goal) :-
    b_getval(neurosym_tentative, Before),
    b_setval(neurosym_tentative, true),
    call(Goal),
    b_setval(neurosym_tentative, Before).

%!  numbered(+Term, -Copy): with each constrained variable as '$fd'(K) and each other variable as '_'.
numbered(Term, '$fd'(K)) :- attvar(Term), get_attr(Term, neurosym_constraint_poster, K), !.
numbered(Term, '$VAR'('_')) :- var(Term), !.
numbered(Term, Copy) :- compound(Term), !, mapargs(numbered, Term, Copy).
numbered(Term, Term).

mapargs(Call, Term, Copy) :-
    compound_name_arguments(Term, Name, Arguments),
    maplist(Call, Arguments, Copies),
    compound_name_arguments(Copy, Name, Copies).

record(Place, Term0) :-
    (   b_getval(neurosym_tentative, true) -> throw(refused(tentative, Place, Term0)) ; true ),
    shallow(Term0, Place, Term),
    b_getval(neurosym_posted, Posted),
    b_setval(neurosym_posted, [posted(Place, Term)|Posted]).

number_of(Variable, K) :- get_attr(Variable, neurosym_constraint_poster, K), !.
number_of(Variable, K) :-
    b_getval(neurosym_count, K),
    Next is K + 1,
    b_setval(neurosym_count, Next),
    put_attr(Variable, neurosym_constraint_poster, K).

attr_unify_hook(K, Other) :-
    (   integer(Other) -> Value = Other
    ;   attvar(Other), get_attr(Other, neurosym_constraint_poster, L) -> Value = '$fd'(L)
    ),
    (   Value == '$fd'(K) -> true
    ;   worked_at(Place), record(Place, '='('$fd'(K), Value))
    ).

%!  perceived(+Name, +Values, +Slot, ?Value, +Place): the value of a slot is one of its domain.
perceived(Name, Values, Slot, Value, Place) :-
    ( integer(Slot), Slot >= 0 -> true ; Goal =.. [Name, Slot, Value], throw(refused(slot, Place, Goal)) ),
    (   maplist(integer, Values)
    ->  operand(Place, Value, Term), record(Place, '$slot'(Name, Slot, Term))
    ;   nth0(Class, Values, Value), record(Place, '$class'(Name, Slot, Class))
    ).

%!  post(+Goal, +Place): a constraint, as terms over numbered variables.
post(Goal, Place) :- relation(Goal), !,
    compound_name_arguments(Goal, Operator, [A, B]),
    expression(A, Place, Left), expression(B, Place, Right),
    post_relation(Operator, A-Left, B-Right, Goal, Place).
post(Goal, Place) :- labelling(Goal), b_getval(neurosym_tentative, true), !, throw(refused(tentative, Place, Goal)).
post(label(Variables), Place) :- !, maplist(operand(Place), Variables, _).
post(labeling(Options, Variables), Place) :- !,
    maplist(operand(Place), Variables, _),
    objectives(Options, Place).
post(indomain(Variable), Place) :- !, operand(Place, Variable, _).
post(Goal, Place) :- global(Goal), !,
    ( components(Goal, Goals) -> post_all(Goals, Place) ; throw(refused(arguments, Place, Goal)) ).
post(Goal, Place) :- structured(Goal, Place, Term), record(Place, Term).

post_all([], _).
post_all([Goal|Goals], Place) :- post(Goal, Place), post_all(Goals, Place).

labelling(label(_)).
labelling(labeling(_, _)).
labelling(indomain(_)).

objectives([], _).
objectives([Option|Options], Place) :-
    (   Option = min(E) -> numbered_expression(Place, E, T), record(Place, '$least'(T))
    ;   Option = max(E) -> numbered_expression(Place, E, T), record(Place, '$greatest'(T))
    ;   true
    ),
    objectives(Options, Place).

relation(_ #= _).
relation(_ #\= _).
relation(_ #< _).
relation(_ #> _).
relation(_ #=< _).
relation(_ #>= _).

%   What is known is decided at once, as propagation would do it, so that recursion on numbers ends.
post_relation(Operator, _-A, _-B, Goal, Place) :- integer(A), integer(B), !,
    compared(Operator, Comparison), Test =.. [Comparison, A, B],
    (   call(Test) -> true
    ;   note_failure(Place, Goal), fail
    ).
post_relation(#=, A-_, _-B, _, _) :- integer(B), free(A, B), !.
post_relation(#=, _-A, B-_, _, _) :- integer(A), free(B, A), !.
post_relation(Operator, _-Left, _-Right, _, Place) :- ground(Left-Right), !,    % all of its variables have numbers
    compound_name_arguments(Term, Operator, [Left, Right]),
    record(Place, Term).
post_relation(Operator, A-_, B-_, Goal, Place) :-
    term_variables(A-B, Variables), maplist(number_of, Variables, _),
    expression(A, Place, Left), expression(B, Place, Right),
    post_relation(Operator, A-Left, B-Right, Goal, Place).

compared(#=, =:=).
compared(#\=, =\=).
compared(#<, <).
compared(#>, >).
compared(#=<, =<).
compared(#>=, >=).

%   free(+Expression, +Value): it is linear in one variable that no constraint has met, which gets its value.
free(X, V) :- var(X), !, \+ attvar(X), X = V.
free(A + N, V) :- integer(N), !, W is V - N, free(A, W).
free(N + A, V) :- integer(N), !, W is V - N, free(A, W).
free(A - N, V) :- integer(N), !, W is V + N, free(A, W).
free(N - A, V) :- integer(N), !, W is N - V, free(A, W).

note_failure(Place, Goal) :-
    (   aggregate_all(count, failed(_, _), Count), Count < 20
    ->  numbered(Goal, Seen), assertz(failed(Place, Seen))
    ;   true
    ).

%   The constraint as a ground term over numbered variables; what is known is evaluated.
expression(X, _, X) :- var(X), \+ attvar(X), !.
expression(X, _, '$fd'(K)) :- attvar(X), get_attr(X, neurosym_constraint_poster, K), !.
expression(N, _, N) :- integer(N), !.
expression(A + B, Place, Value) :- !,
    expression(A, Place, X), expression(B, Place, Y),
    ( integer(X), integer(Y) -> Value is X + Y ; Value = X + Y ).
expression(A - B, Place, Value) :- !,
    expression(A, Place, X), expression(B, Place, Y),
    ( integer(X), integer(Y) -> Value is X - Y ; Value = X - Y ).
expression(E, Place, Value) :- compound(E), operation(E), !,
    E =.. [Name|Parts],
    maplist(part(Place), Parts, Values),
    Term =.. [Name|Values],
    (   maplist(integer, Values), defined(Name, Values)
    ->  catch(Value is Term, error(Error, _), throw(raised(Place, E, Error)))
    ;   Value = Term
    ).
expression(E, Place, _) :- throw(refused(expression, Place, E)).

%   What has no value stays a term: the innermost constraint around it is false.
defined(Name, [_, Divisor]) :- memberchk(Name, [//, div, mod, rem]), !, Divisor =\= 0.
defined(^, [Base, Exponent]) :- !, ( Exponent >= 0 -> true ; memberchk(Base, [1, -1]) ).
defined(_, _).

part(Place, Part, Value) :- expression(Part, Place, Value).

operation(- _).
operation(_ * _).
operation(_ // _).
operation(_ div _).
operation(_ mod _).
operation(_ rem _).
operation(_ ^ _).
operation(abs(_)).
operation(min(_, _)).
operation(max(_, _)).

operand(Place, X, Term) :-
    ( var(X) -> number_of(X, _) ; true ),
    expression(X, Place, Term).

operands(Place, List, Terms) :-
    ( is_list(List) -> true ; throw(refused(list, Place, List)) ),
    maplist(numbered_expression(Place), List, Terms).

numbered_expression(Place, E, Term) :-
    term_variables(E, Variables), maplist(number_of, Variables, _),
    expression(E, Place, Term).

structured(X in Domain, Place, '$in'([Term], Ranges)) :- !, operand(Place, X, Term), ranges(Domain, Place, Ranges).
structured(Xs ins Domain, Place, '$in'(Terms, Ranges)) :- !, operands(Place, Xs, Terms), ranges(Domain, Place, Ranges).
structured(all_distinct(Xs), Place, all_distinct(Terms)) :- !, operands(Place, Xs, Terms).
structured(all_different(Xs), Place, all_distinct(Terms)) :- !, operands(Place, Xs, Terms).
structured(sum(Xs, Operator, E), Place, Term) :- !,
    operands(Place, Xs, Terms), sum_relation(Operator, '$sum'(Terms), E, Place, Term).
structured(scalar_product(Cs, Xs, Operator, E), Place, Term) :- !,
    operands(Place, Xs, Terms),
    ( maplist(integer, Cs), same_length(Cs, Terms) -> true ; throw(refused(coefficients, Place, Cs)) ),
    maplist(times, Cs, Terms, Products),
    sum_relation(Operator, '$sum'(Products), E, Place, Term).
structured(tuples_in(Tuples, Rows), Place, '$table'(Terms, Rows)) :- !,
    maplist(operands(Place), Tuples, Terms),
    (   is_list(Rows), forall(member(Row, Rows), ( is_list(Row), maplist(integer, Row) )) -> true
    ;   throw(refused(table, Place, Rows)) ).
structured(element(I, Xs, X), Place, element(Index, Terms, Term)) :- !,
    operand(Place, I, Index), operands(Place, Xs, Terms), operand(Place, X, Term).
structured(Goal, Place, Term) :- truth(Goal, Place, Term).

sum_relation(Operator, Sum, E, Place, Term) :-
    ( compared(Operator, _) -> true ; throw(refused(operator, Place, Operator)) ),
    numbered_expression(Place, E, Right),
    Term =.. [Operator, Sum, Right].

times(C, X, C * X).

%   Reified constraints: a variable or 0 or 1, a relation, a membership, or a connective of such.
truth(X, _, Term) :- var(X), !, number_of(X, K), Term = '$true'('$fd'(K)).
truth(N, Place, Term) :- integer(N), !,
    ( memberchk(N, [0, 1]) -> Term = '$true'(N) ; throw(refused(truth, Place, N)) ).
truth(X in Domain, Place, '$in'([Term], Ranges)) :- !, operand(Place, X, Term), ranges(Domain, Place, Ranges).
truth(#\ A, Place, #\ B) :- !, truth(A, Place, B).
truth(Goal, Place, Term) :- connective(Goal), !,
    Goal =.. [Name, A, B], truth(A, Place, C), truth(B, Place, D), Term =.. [Name, C, D].
truth(Goal, Place, Term) :- relation(Goal), !,
    Goal =.. [Name, A, B],
    numbered_expression(Place, A, C), numbered_expression(Place, B, D), Term =.. [Name, C, D].
truth(Goal, Place, _) :- throw(refused(truth, Place, Goal)).

connective(_ #/\ _).
connective(_ #\/ _).
connective(_ #\ _).
connective(_ #==> _).
connective(_ #<== _).
connective(_ #<==> _).

ranges(Domain, Place, _) :- \+ ground(Domain), !, throw(refused(domain, Place, Domain)).
ranges(A \/ B, Place, Ranges) :- !, ranges(A, Place, As), ranges(B, Place, Bs), append(As, Bs, Ranges).
ranges(N, _, [[N, N]]) :- integer(N), !.
ranges(A..B, _, [[A, B]]) :- ( integer(A) ; A == inf ), ( integer(B) ; B == sup ), !.
ranges(Domain, Place, _) :- throw(refused(domain, Place, Domain)).
