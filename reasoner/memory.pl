/*  What leaves Prolog's stacks is counted first: their limit does not hold there, and copies do not share subterms.

    A term such as t(A, A) with A = t(B, B), and so on, is small on the stacks; its copy doubles with each level.
*/
:- module(neurosym_memory, [set_budget/1, keep/1, keep_text/1, affordable/1, gather/3, small/2]).
:- set_prolog_flag(optimise, true).

:- meta_predicate gather(?, 0, -).

%!  set_budget(+Bytes) for all that is kept outside the stacks at one time.
set_budget(Bytes) :-
    Cells is Bytes // 8,
    nb_setval(neurosym_free_cells, Cells).

%!  keep(+Term) takes the room that a copy of the term needs from the budget, or raises a resource error.
keep(Term) :-
    nb_getval(neurosym_free_cells, Free),
    Free1 is Free - 4,    % what a record needs besides its term
    ( cells(Term, Free1, Left) -> left(Left) ; left(0) ).

%!  keep_text(+Text) takes the room of an atom or string: of each character eight bytes for all copies on its way.
keep_text(Text) :-
    nb_getval(neurosym_free_cells, Free),
    string_length(Text, Length),
    Left is Free - Length,
    left(Left).

left(Cells) :-
    ( Cells > 0 -> nb_setval(neurosym_free_cells, Cells) ; throw(error(resource_error(room_for_terms), _)) ).

%!  affordable(+Term) raises that error if a copy of the term would be larger than what is left.
affordable(Term) :-
    nb_getval(neurosym_free_cells, Free),
    ( cells(Term, Free, _) -> true ; left(0) ).

%!  gather(+Template, :Goal, -List) is findall/3 within the budget; its room is free again at the end.
gather(Template, Goal, List) :-
    nb_getval(neurosym_free_cells, Free),
    findall(Template, ( Goal, keep(Template) ), List),
    nb_setval(neurosym_free_cells, Free).

%!  small(+Term, +Cells) holds if a copy of the term, which may be cyclic, needs at most so many cells.
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
