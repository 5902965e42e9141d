/*  The interpreter: tabled, relevant grounding of a program whose clauses are data.

    First the tabled answers are found (cycles among goals end, left recursion too), then every rule instance over
    the completed tables is written out: one AND node an instance, one OR node an atom.
    A goal has two readings, 'possible' (true in some world) and 'certain' (true in every world); a negation is
    possible when its goal is not certain. Both are decided under the well-founded semantics (not_exists/1).
*/
:- module(neurosym_grounder,
          [ add_clause/3, add_domain/2, install_world/1, forget/0, ground/4, defined/1, rule/3, rule_names/3,
            slot_value/4, holds/1, run_builtin/2 ]).
:- use_module(library(lists)).
:- use_module(reader).
:- use_module(json_writer).

:- thread_local clause_/3, names_/3, head_/2, domain_/2, fact_/3, world_/0.
:- table sol/2.

forget :-
    retractall(clause_(_, _, _)), retractall(names_(_, _, _)), retractall(head_(_, _)),
    retractall(domain_(_, _)), retractall(fact_(_, _, _)), retractall(world_).

%!  add_clause(+Id, +Term, +Names) stores a clause as data.
add_clause(Id, Term, Names) :-
    ( Term = (Head :- Body0) -> true ; Head = Term, Body0 = true ),
    simplify(Body0, Body, Id, 0, _),
    add_rule(Id, Head, Body),
    assertz(names_(Id, Head-Body, Names)).

add_rule(Id, Head, Body) :-
    functor(Head, Name, Arity),
    ( head_(Name, Arity) -> true ; assertz(head_(Name, Arity)) ),
    assertz(clause_(Head, Body, Id)).

%   A negated conjunction or disjunction becomes a negated atom with a rule of its own.
simplify((A0, B0), (A, B), Id, N0, N) :- !, simplify(A0, A, Id, N0, N1), simplify(B0, B, Id, N1, N).
simplify((A0 ; B0), (A ; B), Id, N0, N) :- !, simplify(A0, A, Id, N0, N1), simplify(B0, B, Id, N1, N).
simplify((A -> B0), (A -> B), Id, N0, N) :- !, simplify(B0, B, Id, N0, N).
simplify(not(A), B, Id, N0, N) :- !, simplify(\+ A, B, Id, N0, N).
simplify(\+ A, \+ A, _, N, N) :- \+ control(A), !.
simplify(\+ A0, \+ Head, Id, N0, N) :- !,
    simplify(A0, A, Id, N0, N1),
    term_variables(A, Variables),
    Head = '$negated'(Id, N1, Variables),
    add_rule(Id, Head, A),
    N is N1 + 1.
simplify(A, A, _, N, N).

add_domain(Name, Values) :- assertz(domain_(Name, Values)).

%!  install_world(+Facts): from now on each slot has one value, given as fact(Domain, Slot, Value).
install_world(Facts) :-
    assertz(world_),
    forall(member(fact(Name, Slot, Value), Facts), assertz(fact_(Name, Slot, Value))).

defined(Goal) :- functor(Goal, Name, Arity), head_(Name, Arity).
rule(Head, Body, Id) :- clause_(Head, Body, Id).
rule_names(Id, Rule, Names) :- names_(Id, Rule, Names).

is_domain(Goal, Name, Slot, Value) :-
    compound(Goal), compound_name_arguments(Goal, Name, [Slot, Value]), domain_(Name, _).

slot_value(Name, Slot, Value, Id) :-
    (   integer(Slot), Slot >= 0 -> true
    ;   Goal =.. [Name, Slot, Value], throw(stopped(slot, Id, Goal)) ),
    (   world_ -> fact_(Name, Slot, Value)
    ;   domain_(Name, Values), member(Value, Values) ).

run_builtin(Goal, Id) :-
    functor(Goal, Name, 2), memberchk(Name, [is, <, >, =<, >=, =:=, =\\=]),
    sub_term(Part, Goal), impure(Part), !,
    throw(stopped(impure, Id, Part)).
run_builtin(Goal, Id) :-
    catch(Goal, error(Error, _), throw(builtin(Id, Goal, Error))).

%   Arithmetic that differs from call to call: grounding runs a body twice and must see the same.
impure(Part) :- nonvar(Part), memberchk(Part, [random(_), random_float, random, cputime, realtime]).

%!  sol(+Mode, ?Goal) is nondet: the tabled answers of a goal.
sol(Mode, Goal) :- clause_(Goal, Body, Id), body(Body, Mode, Id).

body((A, B), Mode, Id) :- !, body(A, Mode, Id), body(B, Mode, Id).
body((C -> A ; B), Mode, Id) :- !, ( condition(C, Id) -> body(A, Mode, Id) ; body(B, Mode, Id) ).
body((A ; B), Mode, Id) :- !, ( body(A, Mode, Id) ; body(B, Mode, Id) ).
body((C -> A), Mode, Id) :- !, ( condition(C, Id) -> body(A, Mode, Id) ).
body(\+ Goal, Mode, Id) :- !, negation(Goal, Mode, Id).
body(Goal, Mode, _) :- defined(Goal), !, sol(Mode, Goal).
body(Goal, Mode, Id) :- is_domain(Goal, Name, Slot, Value), !,
    ( Mode == possible -> true ; world_ ),
    slot_value(Name, Slot, Value, Id).
body(Goal, _, Id) :- run_builtin(Goal, Id).

negation(Goal, Mode, _) :- defined(Goal), !,
    ( Mode == possible -> not_exists(sol(certain, Goal)) ; not_exists(sol(possible, Goal)) ).
negation(Goal, Mode, Id) :- is_domain(Goal, Name, Slot, Value), !,
    (   world_ -> \+ slot_value(Name, Slot, Value, Id)
    ;   Mode == possible -> true
    ;   \+ slot_value(Name, Slot, Value, Id) ).
negation(Goal, _, Id) :- \+ run_builtin(Goal, Id).

condition((A, B), Id) :- !, condition(A, Id), condition(B, Id).
condition((A ; B), Id) :- !, ( condition(A, Id) ; condition(B, Id) ).
condition(\+ A, Id) :- !, \+ condition(A, Id).
condition(Goal, Id) :- run_builtin(Goal, Id).

%!  holds(+Goal) in the installed world.
holds(Goal) :- sol(possible, Goal).

%!  ground(+Query, +Names, +MaxAnswers, +MaxInstances) writes the ground program as JSON.
ground(Query, Names, MaxAnswers, MaxInstances) :-
    findall(Query, sol(possible, Query), Found),
    sort(Found, Answers),
    length(Answers, Count),
    ( Count > MaxAnswers -> throw(stopped(answers, -1, Count)) ; true ),
    forall(member(Answer, Answers), ( ground(Answer) -> true ; throw(stopped(nonground, -1, Answer)) )),
    trie_new(Goals), trie_new(Atoms),
    State = state(Goals, Atoms, 0, 0, MaxInstances),
    write('{"answers":'),
    put_list(neurosym_grounder:put_answer(State, Query, Names), Answers),
    write(',"rules":[null'),
    put_instances([Query], State),
    write('],"atoms":[null'),
    forall(trie_gen(Atoms, Atom, Number), put_atom(Number, Atom)),
    write(']}').

put_answer(State, Query, Names, Answer) :-
    atom_number_(State, Answer, Number),
    Query = Answer,
    format('[~d', [Number]),
    forall(( member(Name=Value, Names), \+ sub_atom(Name, 0, _, _, '_') ),
           ( write(',['), put_string(Name), write(','), put_term(Value), write(']') )),
    write(']').

put_atom(Number, Atom) :-
    term_text(Atom, Text),
    format(',[~d,', [Number]), put_string(Text), write(','), put_term(Atom), write(']').

%   Each goal once, up to renaming of variables; the goals that its rules call are visited next.
put_instances([], _).
put_instances([Goal|Goals], State) :-
    arg(1, State, Seen),
    (   trie_insert(Seen, Goal, true)
    ->  findall(Next, put_rules_of(Goal, State, Next), Called0),
        sort(Called0, Called),
        append(Called, Goals, Rest)
    ;   Rest = Goals
    ),
    put_instances(Rest, State).

put_rules_of(Goal, State, Next) :-
    clause_(Goal, Body, Id),
    trace(Body, Id, Items, [], Calls, []),
    (   ground(Goal) -> true ; throw(stopped(nonground, Id, Goal)) ),
    put_instance(Goal, Id, Items, State),
    member(Next, Calls).

put_instance(Head, Id, Items, State) :-
    arg(4, State, Count0), arg(5, State, Limit),
    Count is Count0 + 1,
    ( Count > Limit -> throw(stopped(instances, Id, Limit)) ; nb_setarg(4, State, Count) ),
    atom_number_(State, Head, Number),
    format(',[~d,~d', [Id, Number]),
    forall(member(Item, Items), ( write(','), put_item(Item, State) )),
    write(']').

put_item(atom(Atom), State) :- atom_number_(State, Atom, Number), write(Number).
put_item(slot(Name, Slot, Value), _) :-
    write('["d",'), put_string(Name), format(',~d,', [Slot]), put_term(Value), write(']').
put_item(not(Items), State) :-
    write('["n"'),
    forall(member(Item, Items), ( write(','), put_item(Item, State) )),
    write(']').

atom_number_(State, Atom, Number) :-
    arg(2, State, Atoms),
    (   trie_lookup(Atoms, Atom, Number) -> true
    ;   arg(3, State, Number),
        Next is Number + 1,
        nb_setarg(3, State, Next),
        trie_insert(Atoms, Atom, Number)
    ).

%!  trace(+Body, +Id)//2: as body/3 over completed tables, with what was used and which goals were called.
trace((A, B), Id, I0, I, C0, C) :- !, trace(A, Id, I0, I1, C0, C1), trace(B, Id, I1, I, C1, C).
trace((T -> A ; B), Id, I0, I, C0, C) :- !,
    ( condition(T, Id) -> trace(A, Id, I0, I, C0, C) ; trace(B, Id, I0, I, C0, C) ).
trace((A ; B), Id, I0, I, C0, C) :- !, ( trace(A, Id, I0, I, C0, C) ; trace(B, Id, I0, I, C0, C) ).
trace((T -> A), Id, I0, I, C0, C) :- !, ( condition(T, Id) -> trace(A, Id, I0, I, C0, C) ).
trace(\+ Goal, Id, [not(Items)|I], I, C0, C) :- defined(Goal), !,
    copy_term(Goal, Called), C0 = [Called|C],
    not_exists(sol(certain, Goal)),
    findall(atom(Goal), sol(possible, Goal), Items),
    forall(member(atom(Atom), Items), ( ground(Atom) -> true ; throw(stopped(nonground, Id, Atom)) )).
trace(\+ Goal, Id, [not(Items)|I], I, C, C) :- is_domain(Goal, Name, Slot, Value), !,
    findall(slot(Name, Slot, Value), slot_value(Name, Slot, Value, Id), Items).
trace(\+ Goal, Id, I, I, C, C) :- !, \+ run_builtin(Goal, Id).
trace(Goal, Id, [atom(Goal)|I], I, [Called|C], C) :- defined(Goal), !,
    copy_term(Goal, Called),
    sol(possible, Goal),
    ( ground(Goal) -> true ; throw(stopped(nonground, Id, Goal)) ).
trace(Goal, Id, [slot(Name, Slot, Value)|I], I, C, C) :- is_domain(Goal, Name, Slot, Value), !,
    slot_value(Name, Slot, Value, Id).
trace(Goal, Id, I, I, C, C) :- run_builtin(Goal, Id).
