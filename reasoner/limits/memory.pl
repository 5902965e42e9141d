/*  What leaves Prolog's stacks is counted, since their limit does not hold there.

    A term such as t(A, A) with A = t(B, B), and so on, is small on the stacks and when it is recorded; in a trie and
    as text it doubles with each level.
*/
:- module(neurosym_memory, [set_budget/1, keep/1, keep_text/1, gather/3, affordable/1, affordable_each/1, small/2]).
:- use_module(library(apply)).
:- use_module(library(terms), [term_size/2]).
:- set_prolog_flag(optimise, true).

:- meta_predicate gather(?, 0, -).

%!  set_budget(+Bytes) for all that is kept outside the stacks at one time.
set_budget(Bytes) :-
    Cells is Bytes // 8,
    nb_setval(neurosym_free_cells, Cells).

%!  keep(+Term) takes the room of a recorded term from the budget, or raises a resource error.
keep(Term) :-
    term_size(Term, Size),
    Cells is Size + 4,
    take(Cells).

%!  keep_text(+Text) takes the room of an atom or string: of each character eight bytes for all copies on its way.
keep_text(Text) :-
    string_length(Text, Length),
    take(Length).

take(Cells) :-
    nb_getval(neurosym_free_cells, Free),
    Left is Free - Cells,
    ( Left > 0 -> nb_setval(neurosym_free_cells, Left) ; throw(error(resource_error(room_for_terms), _)) ).

%!  gather(+Template, :Goal, -List) is findall/3 within the budget; its room is free again at the end.
gather(Template, Goal, List) :-
    nb_getval(neurosym_free_cells, Free),
    findall(Template, ( Goal, keep(Template) ), List),
    nb_setval(neurosym_free_cells, Free).

%!  affordable(+Term) raises the resource error if the term, written out, would take more than is left.
affordable(Term) :-
    ( acyclic_term(Term) -> true ; throw(error(type_error(acyclic_term, Term), _)) ),
    term_size(Term, Size),
    (   Size < 60 -> true    % so little can be shared that it may be written
    ;   nb_getval(neurosym_free_cells, Free), ( cells(Term, Free, _) -> true ; take(Free) ) ).

%!  affordable_each(+Terms) is affordable/1 for each: few are so large that they must be walked.
affordable_each(Terms) :- acyclic_term(Terms), term_size(Terms, Size), Size < 60, !.
affordable_each(Terms) :- maplist(affordable, Terms).

%!  small(+Term, +Cells) holds if the term, which may be cyclic, takes at most so many cells when it is written out.
small(Term, Cells) :- cells(Term, Cells, _).

%   Cells left of those that are there; fails as soon as there are none.
cells(Term, Free, Left) :- nonvar(Term), Term = [First|Rest], !,
    Free >= 3, Free1 is Free - 3,
    ( compound(First) -> cells(First, Free1, Free2) ; text_cells(First, Free1, Free2) ),
    cells(Rest, Free2, Left).
cells(Term, Free, Left) :- compound(Term), !,
    compound_name_arity(Term, _, Arity),
    Free > Arity, Free1 is Free - Arity - 1,
    argument_cells(Arity, Term, Free1, Left).
cells(Term, Free, Left) :- text_cells(Term, Free, Left).

argument_cells(0, _, Free, Free) :- !.
argument_cells(Index, Term, Free, Left) :-
    arg(Index, Term, Argument),
    ( compound(Argument) -> cells(Argument, Free, Free1) ; text_cells(Argument, Free, Free1) ),
    Next is Index - 1,
    argument_cells(Next, Term, Free1, Left).

%   A long atom is stored once, but written wherever it stands.
text_cells(Constant, Free, Left) :-
    (   var(Constant) -> Left = Free
    ;   atom(Constant) -> atom_length(Constant, Length), Left is Free - Length // 16, Left >= 0
    ;   term_size(Constant, Size), Size =< Free, Left is Free - Size ).    % of a string or a long number
