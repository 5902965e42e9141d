/*  Writes the ground program as JSON: rule instances as they are found, each as its clause, its head and what it rests
    on, atoms from 0 upwards and leaves from -1 downwards, all in one string; then what the numbers stand for.
*/
:- module(neurosym_ground_writer,
          [start/1, finish/4, put_row/3, put_density/2, next_denied/2, forget_rows/0, choice_text/4]).
:- set_prolog_flag(optimise, true).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(goals).
:- use_module('../limits/memory').
:- use_module(translator).
:- use_module(json_writer).

:- thread_local density_/2, choice_/6, input_/3, leaf_/1, todo_/2.

%!  start(+MaxInstances) begins the ground program, put_row/3 adds a rule instance, finish/4 ends it.
start(MaxInstances) :-
    trie_new(Atoms), trie_new(Choices), trie_new(Inputs), trie_new(Leaves),
    nb_setval(neurosym_state, state(Atoms, Choices, Inputs, 0, 0, MaxInstances, 0, Leaves, 0)),
    write('{"rules":"').

%!  finish(+Query, +Names, +Answers, +Observed): what the numbers of atoms and leaves stand for, and what was asked.
finish(Query, Names, Answers, Observed) :-
    nb_getval(neurosym_state, State), arg(1, State, Atoms),
    write('","answers":'),
    put_list(neurosym_ground_writer:put_answer(Query, Names), Answers),
    write(',"evidence":'),
    put_list(neurosym_ground_writer:put_evidence, Observed),
    write(',"atoms":[null'),
    forall(trie_gen(Atoms, Atom, Number), put_atom(Number, Atom)),
    write('],"leaves":[null'),
    forall(leaf_(Text), ( write(','), write(Text) )),
    write('],"choices":[null'),
    forall(choice_(Number, Id, Name, Probabilities, Texts, Part),
           ( format(',[~d,~d,', [Number, Id]), put_string(Name), write(','),
             put_list(neurosym_json:put_term, Probabilities), write(','),
             put_list(neurosym_json:put_string, Texts), write(','), put_string(Part), write(']') )),
    write('],"inputs":[null'),
    forall(input_(Name, Number, Inputs),
           ( term_text(Inputs, Text),
             write(',['), put_string(Name), format(',~d,', [Number]), put_string(Text), write(','), put_term(Inputs),
             write(']') )),
    write('],"densities":[null'),
    forall(density_(Head, Distribution),
           ( write(',['), put_term(Head), write(','), put_term(Distribution), write(']') )),
    write(']}').

put_answer(Query, Names, Key-Answer) :-
    atom_number_(Key, Number),
    Query = Answer,
    format('[~d,', [Number]), put_term(Answer),
    forall(( member(Name=Value, Names), \+ sub_atom(Name, 0, _, _, '_') ),
           ( write(',['), put_string(Name), write(','), put_term(Value), write(']') )),
    write(']').

put_evidence((Key-_)-Truth) :-
    atom_number_(Key, Number),
    format('[~d,~w]', [Number, Truth]).

put_atom(Number, Key) :-
    (   ( Key = atom('$list'(_, _)) ; Key = called(_, '$list'(_, _)) ) -> Text = "a list that is not made"    % of joining.pl
    ;   Key = not(Body) -> body_text(Body, Text0), string_concat('\\+ ', Text0, Text)
    ;   ( Key = atom(Atom) ; Key = called(_, Atom) ), term_text(Atom, Text) ),
    format(',[~d,', [Number]), put_string(Text), write(']').

%!  put_row(+Key, +Id, +Items): Key is atom(Atom), called(Call, Atom) or not(Body).
put_row(Key, Id, Items) :-
    nb_getval(neurosym_state, State),
    arg(5, State, Count0), arg(6, State, Limit),
    Count is Count0 + 1,
    ( Count > Limit -> throw(stopped(instances, Id, Limit)) ; nb_setarg(5, State, Count) ),
    affordable_each([Key|Items]),
    numbered(State, Key, Number),
    arg(8, State, Leaves),
    numbers(Items, State, Leaves, Numbers),
    write([Id, Number|Numbers]).

numbers([], _, _, []).
numbers([Item|Items], State, Leaves, Numbers) :-
    (   Item = may(Atom, Call)
    ->  key(Call, Atom, Key), numbered(State, Key, Number),
        Numbers = [Number|Rest]
    ;   trie_lookup(Leaves, Item, Number)    % most are known as they stand
    ->  Numbers = [Number|Rest]
    ;   Item = nth(_)
    ->  Numbers = Rest
    ;   leaf(Item, State, Leaf), leaf_number(Leaf, State, Leaves, Number),
        Numbers = [Number|Rest] ),
    numbers(Items, State, Leaves, Rest).

leaf_number(Leaf, _, Leaves, Number) :- trie_lookup(Leaves, Leaf, Number), !.
leaf_number(Leaf, State, Leaves, Number) :-
    arg(9, State, Last),
    Number is Last - 1,
    nb_setarg(9, State, Number),
    keep(Leaf),
    trie_insert(Leaves, Leaf, Number),
    with_output_to(string(Text), put_leaf(Leaf, State)),
    assertz(leaf_(Text)).

%   What tells a leaf from others.
leaf(not(Body), State, denied(Key)) :- !,
    ( Body = may(Atom), ground(Atom) -> Key = atom(Atom) ; Key = not(Body) ),
    arg(1, State, Atoms),
    ( Key = not(_), trie_lookup(Atoms, Key, _) -> true ; copy_term(Body, Denied), assertz(todo_(Key, Denied)) ).
leaf(net(Name, Inputs, _, _, Index), _, net(Name, Inputs, Index)) :- !.
leaf(Item, _, Item).

put_leaf(test(Goal), _) :- !, write('["t",'), put_term(Goal), write(']').
put_leaf(slot(Name, Slot, Value), _) :- integer(Value), !, format('["d","~w",~d,~d]', [Name, Slot, Value]).
put_leaf(slot(Name, Slot, Value), _) :-
    write('["d",'), put_string(Name), format(',~d,', [Slot]), put_term(Value), write(']').
put_leaf(denied(Key), State) :-
    numbered(State, Key, Number),
    format('["n",~d]', [Number]).
put_leaf(choice(Id, Number, Variables), State) :-
    arg(2, State, Choices),
    Key = choice(Id, Variables),
    (   trie_lookup(Choices, Key, Choice) -> true
    ;   choice_row(Id, Variables, Name, Probabilities, Texts, Part),
        arg(4, State, Choice),
        Next is Choice + 1,
        nb_setarg(4, State, Next),
        trie_insert(Choices, Key, Choice),
        assertz(choice_(Choice, Id, Name, Probabilities, Texts, Part)) ),
    format('["c",~d,~d]', [Choice, Number]).
put_leaf(net(Name, Inputs, Index), State) :-
    arg(3, State, Known),
    (   trie_lookup(Known, input(Name, Inputs), Slot) -> true
    ;   inputs_of(Name, Slot),
        trie_insert(Known, input(Name, Inputs), Slot),
        assertz(input_(Name, Slot, Inputs)) ),
    write('["p",'), put_string(Name), format(',~d,~d]', [Slot, Index]).

inputs_of(Name, Count) :- findall(x, input_(Name, _, _), Found), length(Found, Count).

choice_row(Id, Variables, Name, Probabilities, Texts, Part) :-
    chance_(Id, Variables, Pairs, Body),
    Pairs = [_-Head|_], functor(Head, Name, _),
    started(Pairs, Id, Probabilities),
    part_text(Pairs, Part),
    sum_list(Probabilities, Sum),
    ( Sum =< 1.000001 -> true ; Shown is round(Sum * 1000000) / 1000000, throw(stopped(probability, Id, Shown)) ),
    chance_(Id, Free, FreePairs, _),
    maplist(head_text(Body, Free), Pairs, FreePairs, Texts).

%   Of t(_, X) :: a(X), each X has a probability of its own.
part_text(Pairs, Text) :-
    (   member(P-_, Pairs), nonvar(P), P =.. [t, _|Part], Part \== [] -> term_text(Part, Text)
    ;   Text = "" ).

%   Probabilities that are learned are those that they start with; several without a start share what is left.
started(Pairs, Id, Started) :-
    findall(P, ( member(P0-_, Pairs), known(P0, Id, P) ), Known),
    length(Pairs, All), length(Known, Told), sum_list(Known, Sum),
    (   All =:= 1 -> Share = 0.5
    ;   Share is max(0.0, 1.0 - Sum) / max(1, All - Told) ),
    findall(P, ( member(P0-_, Pairs), ( known(P0, Id, P0s) -> P = P0s ; P = Share ) ), Started).

known(P0, _, _) :- P0 == (?), !, fail.    % a decision is made by who asks
known(P0, Id, P) :-
    ( compound(P0), compound_name_arity(P0, t, _), arg(1, P0, Start) -> nonvar(Start), probability(Start, Id, P) ; probability(P0, Id, P) ).

probability(P0, Id, P) :-
    run_builtin(P is float(P0), Id),
    ( P >= 0, P =< 1.000001 -> true ; throw(stopped(probability, Id, P)) ).

%!  put_density(+Head, +Distribution): what the value of an atom is drawn from.
put_density(Head, Distribution) :-
    (   density_(Head, Known), Known =@= Distribution -> true
    ;   affordable(Head-Distribution), assertz(density_(Head, Distribution)) ).

%!  choice_text(+Id, +Number, +Variables, -Text): the clause instance as text, which tells it from its sisters.
choice_text(Id, Number, Variables, Text) :-
    chance_(Id, Variables, Pairs, Body), chance_(Id, Free, FreePairs, _),
    nth0(Number, Pairs, Pair), nth0(Number, FreePairs, FreePair),
    head_text(Body, Free, Pair, FreePair, Text).

%   The head alone, where its variables are all that tell the instances of the clause apart.
head_text(Body, Free, _-Head, _-FreeHead, Text) :-
    (   Body == true -> term_text(Head, Text)
    ;   term_variables(FreeHead, InHead), length(InHead, A), length(Free, B), A =:= B
    ->  term_text(Head, Text)
    ;   term_text((Head :- Body), Text) ).

numbered(State, Key, Number) :-
    arg(1, State, Atoms),
    (   trie_lookup(Atoms, Key, Number) -> true
    ;   arg(7, State, Number),
        Next is Number + 1,
        nb_setarg(7, State, Next),
        keep(Key),
        trie_insert(Atoms, Key, Number) ).

atom_number_(Key, Number) :- nb_getval(neurosym_state, State), numbered(State, Key, Number).

%!  next_denied(-Key, -Body): something denied whose rules are still to be written.
next_denied(Key, Body) :- retract(todo_(Key, Body)), !.

%!  forget_rows: of the program before.
forget_rows :-
    retractall(density_(_, _)),
    retractall(choice_(_, _, _, _, _, _)), retractall(input_(_, _, _)), retractall(leaf_(_)), retractall(todo_(_, _)).
