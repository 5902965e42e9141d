/*  The constraint interpreter: runs a program that posts finite-domain constraints, and writes down what it posted.

    Clauses are data, run by this interpreter with Prolog's own search (cut, if-then-else, findall, maplist ...). A
    constraint in the notation of SWI-Prolog's library(clpfd) is not solved here: it is posted, as a ground term over
    numbered variables '$fd'(K), with the place in the text that posted it. Each way through the program is one
    alternative, a conjunction of constraints; a solver outside decides which can be met.

    What is posted says everything, unifications included, so that a conflict can be traced to the text.
*/
:- module(neurosym_constraints, [read_constraint_program/2, constrain/4]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(pairs)).
:- use_module(library(solution_sequences)).
:- use_module(constraint_reader).
:- use_module(operators).
:- use_module(poster).
:- use_module('../interpreter/builtins', [nonlogical/1]).
:- use_module('../interpreter/json_writer').
:- use_module('../interpreter/refusals', [suggestion/3]).

:- thread_local clause_/2, domain_/2, prints_/0.

%!  read_constraint_program(+Text, +Domains): its rules as JSON, if it may run.
read_constraint_program(Text, Domains) :-
    read_rules(Text, Domains, Rules),
    put_rules(Rules).

%!  constrain(+Text, +Domains, +QueryText, +Most) writes the alternatives and, if there are none, what failed.
constrain(Text, Domains, QueryText, Most) :-
    setup_call_cleanup(true, constrain_(Text, Domains, QueryText, Most), forget_rules).

forget_rules :-
    retractall(clause_(_, _)), retractall(domain_(_, _)), retractall(prints_), forget_failures.

constrain_(Text, Domains, QueryText, Most) :-
    read_rules(Text, Domains, Rules),
    forall(member(rule(Head, Body, _), Rules), assertz(clause_(Head, Body))),
    forall(member(domain(Name, Values), Domains), assertz(domain_(Name, Values))),
    read_goal(QueryText, Query, Names),
    Limit is Most + 1,
    findall(Bindings-Posted, limit(Limit, alternative(Query, Names, Bindings, Posted)), Alternatives),
    length(Alternatives, Count),
    ( Count > Most -> throw(refused(alternatives, -1, Most)) ; true ),
    write('{"alternatives":'), put_list(neurosym_constraints:put_alternative, Alternatives),
    findall(posted(Place, Goal), failed(Place, Goal), Failed),
    write(',"failed":'), put_list(neurosym_constraints:put_posted, Failed),
    ( prints_ -> write(',"prints":true}') ; write(',"prints":false}') ).

alternative(Query, Names, Bindings, Posted) :-
    start_posting,
    run([Query]),
    findall(Name=Value, ( member(Name=Value, Names), \+ sub_atom(Name, 0, _, _, '_') ), Shown),
    numbered(Shown, Bindings),
    all_posted(Posted).

put_alternative(Bindings-Posted) :-
    write('{"bindings":'), put_list(neurosym_constraints:put_binding, Bindings),
    write(',"posted":'), put_list(neurosym_constraints:put_posted, Posted),
    write('}').

put_binding(Name=Value) :- write('['), put_string(Name), write(','), put_term(Value), write(']').
put_posted(posted(From-To, Term)) :- format('[~d,~d,', [From, To]), put_term(Term), write(']').

/* ---------- the search, with cut ---------- */

%   run(+Goals): a cut among them is local to them.
run(Goals) :-
    begin(Begin),
    steps(Goals, After, Cut),
    prolog_current_choice(Choice),
    ( Cut == cut -> may_commit(Choice, Begin), !, run(After) ; true ).

steps([], [], none).
steps([Goal|Rest], After, Cut) :- step(Goal, Rest, After, Cut).

step(at(_, !), Rest, After, Cut) :- !, After = Rest, Cut = cut.
step((A, B), Rest, After, Cut) :- !, steps([A, B|Rest], After, Cut).
step((C -> A ; B), Rest, After, Cut) :- !,
    ( tentatively(C) -> steps([A|Rest], After, Cut) ; steps([B|Rest], After, Cut) ).
step((C *-> A ; B), Rest, After, Cut) :- !,
    ( tentatively(C) *-> steps([A|Rest], After, Cut) ; steps([B|Rest], After, Cut) ).
step((A ; B), Rest, After, Cut) :- !, ( steps([A|Rest], After, Cut) ; steps([B|Rest], After, Cut) ).
step((C -> A), Rest, After, Cut) :- !, ( tentatively(C) -> steps([A|Rest], After, Cut) ).
step((C *-> A), Rest, After, Cut) :- !, ( tentatively(C), steps([A|Rest], After, Cut) ).
step(\+ A, Rest, After, Cut) :- !, \+ tentatively(A), steps(Rest, After, Cut).
step(at(Place, Goal), Rest, After, Cut) :-
    work_at(Place),
    goal(Goal, Place),
    steps(Rest, After, Cut).

tentatively(Goal) :- without_posting(neurosym_constraints:run([Goal])).

goal(Goal, Place) :- var(Goal), !, throw(refused(not_callable, Place, Goal)).
goal(Goal, _) :- functor(Goal, Name, Arity), functor(Head, Name, Arity), clause_(Head, _), !, rules(Goal).
goal(Goal, Place) :- compound(Goal), compound_name_arguments(Goal, Name, [Slot, Value]), domain_(Name, Values), !,
    perceived(Name, Values, Slot, Value, Place).
goal(Goal, Place) :- constraint(Goal), !, post(Goal, Place).
goal(Goal, Place) :- higher(Goal), !, call_higher(Goal, Place).
goal(Goal, Place) :- helper(Goal), !, call_helper(Goal, Place).
goal(Goal, Place) :-
    functor(Goal, Name, Arity),
    findall(N/A, ( clause_(Head, _), functor(Head, N, A) ), Heads), suggestion(Name/Arity, Heads, Message),
    throw(refused(unknown_goal(Message), Place, Name/Arity)).

rules(Goal) :-
    begin(Begin),
    clause_(Goal, Body),
    steps([Body], After, Cut),
    prolog_current_choice(Choice),
    ( Cut == cut -> may_commit(Choice, Begin), !, run(After) ; true ).

%   What is cut off must not depend on whether what was posted since can be met: that is not known yet.
begin(Choice-Posted) :- prolog_current_choice(Choice), b_getval(neurosym_posted, Posted).

may_commit(Choice, Choice-_) :- !.
may_commit(_, _-Before) :-
    b_getval(neurosym_posted, Now),
    ( same_term(Before, Now) -> true ; worked_at(Place), Now = [posted(_, Term)|_], throw(refused(committed, Place, Term)) ).

/* ---------- goals that call goals ---------- */

call_higher(Goal, Place) :- higher_(Goal, Place).

higher_(findall(Template, Goal, List), Place) :- !,
    findall(Template, tentatively(at(Place, call(Goal))), List).
higher_(aggregate_all(count, Goal, Count), Place) :- !,
    findall(x, tentatively(at(Place, call(Goal))), List), length(List, Count).
higher_(aggregate_all(sum(E), Goal, Sum), Place) :- !,
    findall(E, tentatively(at(Place, call(Goal))), List), sum_list(List, Sum).
higher_(aggregate_all(bag(E), Goal, List), Place) :- !,
    findall(E, tentatively(at(Place, call(Goal))), List).
higher_(aggregate_all(set(E), Goal, Set), Place) :- !,
    findall(E, tentatively(at(Place, call(Goal))), List), sort(List, Set).
higher_(forall(Condition, Goal), Place) :- !,
    findall(Goal, tentatively(at(Place, call(Condition))), Goals),
    each(Goals, Place).
higher_(once(Goal), Place) :- !,
    begin(Begin), meta(Goal, Place), prolog_current_choice(Choice), may_commit(Choice, Begin), !.
higher_(ignore(Goal), Place) :- !, ( tentatively(at(Place, call(Goal))) -> true ; true ).
higher_(maplist(Goal, As), Place) :- !, map1(As, Goal, Place).
higher_(maplist(Goal, As, Bs), Place) :- !, map2(As, Bs, Goal, Place).
higher_(maplist(Goal, As, Bs, Cs), Place) :- !, map3(As, Bs, Cs, Goal, Place).
higher_(maplist(Goal, As, Bs, Cs, Ds), Place) :- !, map4(As, Bs, Cs, Ds, Goal, Place).
higher_(maplist(Goal, As, Bs, Cs, Ds, Es), Place) :- !, map5(As, Bs, Cs, Ds, Es, Goal, Place).
higher_(maplist(Goal, As, Bs, Cs, Ds, Es, Fs), Place) :- !, map6(As, Bs, Cs, Ds, Es, Fs, Goal, Place).
higher_(foldl(Goal, As, V0, V), Place) :- !, fold1(As, Goal, Place, V0, V).
higher_(foldl(Goal, As, Bs, V0, V), Place) :- !, fold2(As, Bs, Goal, Place, V0, V).
higher_(foldl(Goal, As, Bs, Cs, V0, V), Place) :- !, fold3(As, Bs, Cs, Goal, Place, V0, V).
higher_(foldl(Goal, As, Bs, Cs, Ds, V0, V), Place) :- !, fold4(As, Bs, Cs, Ds, Goal, Place, V0, V).
higher_(include(Goal, List, Kept), Place) :- !, keep(List, Goal, Place, true, Kept).
higher_(exclude(Goal, List, Kept), Place) :- !, keep(List, Goal, Place, false, Kept).
higher_(phrase(Grammar, List), Place) :- !, higher_(call(Grammar, List, []), Place).
higher_(phrase(Grammar, List, Rest), Place) :- !, higher_(call(Grammar, List, Rest), Place).
higher_(Call, Place) :- Call =.. [call, Goal|Extra], extended(Goal, Extra, Whole), meta(Whole, Place).

%   A goal made at run time has no place of its own; it bears that of the goal that calls it.
meta(Goal, Place) :- var(Goal), !, throw(refused(not_callable, Place, Goal)).
meta(Free/Lambda, Place) :- !, meta_lambda(Free/Lambda, [], Place).
meta(Parameters>>Lambda, Place) :- !, meta_lambda(Parameters>>Lambda, [], Place).
meta('$lambda'(Lambda, Arguments), Place) :- !, meta_lambda(Lambda, Arguments, Place).
meta(Goal, Place) :- placed(Goal, Place, Body), run([Body]).

placed(Goal, Place, at(Place, Goal)) :- var(Goal), !.
placed((A, B), Place, (C, D)) :- !, placed(A, Place, C), placed(B, Place, D).
placed((A ; B), Place, (C ; D)) :- !, placed(A, Place, C), placed(B, Place, D).
placed((A -> B), Place, (C -> D)) :- !, placed(A, Place, C), placed(B, Place, D).
placed((A *-> B), Place, (C *-> D)) :- !, placed(A, Place, C), placed(B, Place, D).
placed(\+ A, Place, \+ B) :- !, placed(A, Place, B).
placed(not(A), Place, \+ B) :- !, placed(A, Place, B).
placed(Goal, Place, at(Place, Goal)).

%   As in library(yall): variables are renamed for each call, but for those before / ; constrained ones stay the same.
meta_lambda(Lambda0, Arguments, Place) :-
    (   Lambda0 = Free/Lambda1 -> copy_term(Free/Lambda1, Free/Lambda) ; copy_term(Lambda0, Lambda) ),
    (   nonvar(Lambda), Lambda = Parameters>>Body
    ->  bound(Parameters, Arguments, Rest)
    ;   Body = Lambda, Rest = Arguments
    ),
    extended(Body, Rest, Goal),
    meta(Goal, Place).

bound([], Rest, Rest) :- !.
bound([Parameter|Parameters], [Argument|Arguments], Rest) :- !, Parameter = Argument, bound(Parameters, Arguments, Rest).
bound(_, [], []).

extended(Goal, [], Goal) :- !.
extended(Goal, Extra, Whole) :-
    (   nonvar(Goal), ( Goal = _>>_ ; Goal = _/_ )
    ->  Whole = '$lambda'(Goal, Extra)
    ;   callable(Goal)
    ->  Goal =.. Parts, append(Parts, Extra, All), Whole =.. All
    ;   worked_at(Place), throw(refused(not_callable, Place, Goal))
    ).

each([], _).
each([Goal|Goals], Place) :- \+ \+ tentatively(at(Place, call(Goal))), each(Goals, Place).

map1([], _, _).
map1([A|As], G, P) :- extended(G, [A], Goal), meta(Goal, P), map1(As, G, P).
map2([], [], _, _).
map2([A|As], [B|Bs], G, P) :- extended(G, [A, B], Goal), meta(Goal, P), map2(As, Bs, G, P).
map3([], [], [], _, _).
map3([A|As], [B|Bs], [C|Cs], G, P) :- extended(G, [A, B, C], Goal), meta(Goal, P), map3(As, Bs, Cs, G, P).
map4([], [], [], [], _, _).
map4([A|As], [B|Bs], [C|Cs], [D|Ds], G, P) :-
    extended(G, [A, B, C, D], Goal), meta(Goal, P), map4(As, Bs, Cs, Ds, G, P).

map5([], [], [], [], [], _, _).
map5([A|As], [B|Bs], [C|Cs], [D|Ds], [E|Es], G, P) :-
    extended(G, [A, B, C, D, E], Goal), meta(Goal, P), map5(As, Bs, Cs, Ds, Es, G, P).
map6([], [], [], [], [], [], _, _).
map6([A|As], [B|Bs], [C|Cs], [D|Ds], [E|Es], [F|Fs], G, P) :-
    extended(G, [A, B, C, D, E, F], Goal), meta(Goal, P), map6(As, Bs, Cs, Ds, Es, Fs, G, P).

fold1([], _, _, V, V).
fold1([A|As], G, P, V0, V) :- extended(G, [A, V0, V1], Goal), meta(Goal, P), fold1(As, G, P, V1, V).
fold2([], [], _, _, V, V).
fold2([A|As], [B|Bs], G, P, V0, V) :- extended(G, [A, B, V0, V1], Goal), meta(Goal, P), fold2(As, Bs, G, P, V1, V).
fold3([], [], [], _, _, V, V).
fold3([A|As], [B|Bs], [C|Cs], G, P, V0, V) :-
    extended(G, [A, B, C, V0, V1], Goal), meta(Goal, P), fold3(As, Bs, Cs, G, P, V1, V).
fold4([], [], [], [], _, _, V, V).
fold4([A|As], [B|Bs], [C|Cs], [D|Ds], G, P, V0, V) :-
    extended(G, [A, B, C, D, V0, V1], Goal), meta(Goal, P), fold4(As, Bs, Cs, Ds, G, P, V1, V).

keep([], _, _, _, []).
keep([A|As], G, P, Wanted, Kept) :-
    extended(G, [A], Goal),
    ( \+ \+ tentatively(at(P, call(Goal))) -> Found = true ; Found = false ),
    ( Found == Wanted -> Kept = [A|Rest] ; Kept = Rest ),
    keep(As, G, P, Wanted, Rest).

/* ---------- built-ins ---------- */

%   Arithmetic over a constrained variable is a constraint; else it is evaluated.
call_helper(Goal, Place) :- arithmetic(Goal, Constraint), term_attvars(Goal, [_|_]), !, post(Constraint, Place).
call_helper(Goal, _) :- silent(Goal), !, ( prints_ -> true ; assertz(prints_) ).
call_helper(transpose(Rows, Columns), _) :- !, transposed(Rows, Columns).
call_helper(Goal, Place) :- untold(Goal), !, throw(refused(untold, Place, Goal)).
call_helper(Goal, Place) :- catch(Goal, error(Error, _), throw(raised(Place, Goal, Error))).

%   It asks what a constrained variable is, which labelling would say before.
untold(Goal) :- functor(Goal, Name, 1), asks_type(Name), !, arg(1, Goal, Term), attvar(Term).
untold(length(_, Length)) :- attvar(Length).
untold(Goal) :- nonlogical(Goal), term_attvars(Goal, [_|_]), \+ functor(Goal, flatten, 2).

asks_type(Name) :-
    memberchk(Name, [var, nonvar, integer, float, number, atom, atomic, compound, callable, string, is_list]).


arithmetic(X is E, X #= E).
arithmetic(A =:= B, A #= B).
arithmetic(A =\= B, A #\= B).
arithmetic(A < B, A #< B).
arithmetic(A > B, A #> B).
arithmetic(A =< B, A #=< B).
arithmetic(A >= B, A #>= B).

transposed([], []) :- !.
transposed(Rows, Columns) :-
    Rows = [First|_],
    columns(First, Rows, Columns).

columns([], _, []).
columns([_|More], Rows, [Column|Columns]) :- heads(Rows, Column, Rests), columns(More, Rests, Columns).

heads([], [], []).
heads([[Head|Rest]|Rows], [Head|Heads], [Rest|Rests]) :- heads(Rows, Heads, Rests).
