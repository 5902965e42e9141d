/*  Labelling: by library(clpfd) first; what it does not find soon is asked of the search outside. Each solution is checked
    against all that was posted.
*/
:- module(neurosym_labelling, [label/1, labeling/2, indomain/1, label_rest/1, forget_labelling/0, labelled/2, set_patience/1]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(clpfd), []).
:- use_module(library(solution_sequences)).
:- use_module('../clpfd/poster', [start_posting/0, all_posted/1, numbered/2]).
:- use_module('../clpfd/operators').
:- use_module('../interpreter/json_writer').
:- use_module(recorder, [recorded/1]).
:- use_module('../clpfd/holding').
:- use_module(channel).

:- dynamic patience/1.

%!  set_patience(+Inferences): that library(clpfd) may spend until it finds a solution.
set_patience(Inferences) :- retractall(patience(_)), assertz(patience(Inferences)).

%!  labelled(?Who, ?Count) after forget_labelling/0: how many solutions were found by library(clpfd), and by the search.
%!  forget_labelling: nothing was labelled yet.
forget_labelling :- flag(neurosym_by_clpfd, _, 0), flag(neurosym_by_search, _, 0).
labelled(clpfd, Count) :- flag(neurosym_by_clpfd, Count, Count).
labelled(search, Count) :- flag(neurosym_by_search, Count, Count).

%!  label(+Variables), labeling(+Options, +Variables), indomain(+Variable): as in library(clpfd).
%!  labeling(+Options, +Variables): see label/1.
%!  indomain(+Variable): see label/1.
label(Variables) :- labeling([], Variables).

indomain(Variable) :- label([Variable]).

labeling(Options, Variables) :-
    patience(Most),
    Found = found(0),
    call_with_inference_limit(clpfd:labeling(Options, Variables), Most, Result),
    (   Result \== inference_limit_exceeded
    ->  arg(1, Found, Before), After is Before + 1, nb_setarg(1, Found, After), Counter = neurosym_by_clpfd
    ;   arg(1, Found, Count), later(Count, Options, Variables, Counter) ),
    check(Counter).

%   Library(clpfd) is asked again, without patience, if the search does not take over.
later(0, Options, Variables, Counter) :- posed(Options, Variables, Id), !, searched(Id, Options, Variables, Counter).
later(Count, Options, Variables, neurosym_by_clpfd) :- offset(Count, clpfd:labeling(Options, Variables)).

searched(Id, Options, Variables, Counter) :-
    ask(next(Id), Reply),
    (   Reply = values(Values)
    ->  ( Variables = Values, Counter = neurosym_by_search ; searched(Id, Options, Variables, Counter) )
    ;   Reply == unknown -> clpfd:labeling(Options, Variables), Counter = neurosym_by_clpfd ).

%   The problem as numbered terms, if the search can be asked it.
posed(Options, Variables, Id) :-
    recorded(Constraints0), exclude(ground, Constraints0, Constraints),
    term_variables(Variables-Constraints, All),
    findall(problem(Terms, Shown), posted(Options, Variables, Constraints, All, Terms, Shown), [problem(Terms, Shown)]),
    flag(neurosym_problems, Id, Id + 1),
    tell(problem(Id, Terms, Shown)).

posted(Options, Variables0, Constraints0, All0, Terms, Shown) :-
    maplist(domain_of, All0, Domains),
    copy_term_nat(Options-Variables0-Constraints0-All0, Objectives-Variables-Constraints-All),
    maplist(within, All, Domains, Memberships0), exclude(==(true), Memberships0, Memberships),
    reverse(Constraints, InOrder),
    start_posting,
    include(objective, Objectives, Asked),
    append([Memberships, InOrder, [labeling(Asked, Variables)]], Goals),
    catch(maplist(post_one, Goals), refused(_, _, _), fail),
    all_posted(Posted), findall(Term, member(posted(_, Term), Posted), Terms),
    numbered(Variables, Shown).

post_one(Goal) :- neurosym_constraint_poster:post(Goal, -1 - -1).

domain_of(Variable, Domain) :- ( clpfd:fd_dom(Variable, Domain) -> true ; Domain = inf..sup ).

within(_, inf..sup, true) :- !.
within(Variable, Domain, Variable in Domain).

objective(min(_)).
objective(max(_)).

%   What was posted must hold of the numbers found: library(clpfd) is not taken at its word.
check(Counter) :-
    recorded(Constraints),
    ( member(Constraint, Constraints), ground(Constraint), \+ holds(Constraint) -> throw(neurosym_wrong(Constraint)) ; true ),
    flag(Counter, N, N + 1).

%!  label_rest(+Term): gives values to the variables of an answer that have finitely many.
label_rest(Term) :-
    term_attvars(Term, Attributed),
    include(clpfd:fd_var, Attributed, Variables),
    (   Variables == [] -> true
    ;   forall(member(Variable, Variables), ( clpfd:fd_inf(Variable, Low), integer(Low), clpfd:fd_sup(Variable, High), integer(High) ))
    ->  labeling([ff], Variables)
    ;   true ).
