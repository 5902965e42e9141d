/*  What is decided as a program runs: goals that were not known as it was read, its own clauses and variables, and
    predicates of Prolog that would reach further than it may.
*/
:- module(neurosym_calls, []).
:- use_module(library(lists)).
:- use_module(library(apply)).
:- use_module(library(error)).
:- use_module(translation).
:- use_module(allowed).

:- dynamic refused/1.
:- forall(member(Head, [ phrase(_, _), phrase(_, _, _), assert(_, _), asserta(_, _), assertz(_, _), retract(_, _), clause(_, _, _),
                         abolish(_, _), abolish(_, _, _), dynamic(_, _), table(_, _), halt(_), halt(_, _), 'use_module'(_, _),
                         current_predicate(_, _), initialization(_, _), retractall(_, _), b_setval(_, _, _), maplist(_, _, _, _, _, _),
                         maplist(_, _, _, _, _, _, _), consult(_, _), prompt(_, _, _), flag(_, _, _, _),
                         recorda(_, _, _), recorda(_, _, _, _), recordz(_, _, _), recordz(_, _, _, _), recorded(_, _, _),
                         recorded(_, _, _, _), erase(_, _) ]),
          redefine_system_predicate(Head)).

%!  goal(+Module, :Goal): calls a goal of the program.
goal(Module, Goal) :- var(Goal), !, instantiation_error(Module:Goal).
goal(Module, Goal) :- translated(Goal, Module, Translated), call(Module:Translated).

%!  goal_with_goals(+Module, :Goal): by a meta-predicate whose goals are known now.
goal_with_goals(Module, Goal) :-
    functor(Goal, Name, Arity), meta(Name/Arity, Library:Specification),
    Goal =.. [_|Arguments0], Specification =.. [_|Kinds],
    neurosym_translation:arguments(Arguments0, Kinds, Module, Arguments),
    Inner =.. [Name|Arguments],
    call(Library:Inner).

%!  late(+Module, +Goal): what the text does not define may have been asserted since.
late(Module, Goal) :-
    functor(Goal, Name, Arity),
    (   defined(Module, Name/Arity) -> call(Module:Goal)
    ;   of_the_user(Name, Arity, Where) -> call(Where:Goal)
    ;   catch(predicate_property(system:Goal, defined), _, fail) -> refuse(Name/Arity)
    ;   catch('$in_library'(Name, Arity, _), _, fail) -> refuse(Name/Arity)
    ;   existence_error(procedure, Name/Arity) ).

%!  refuse(+What): it is not allowed.
refuse(What) :-
    ( refused(What) -> true ; assertz(refused(What)) ),
    throw(error(permission_error(call, procedure, What), neurosym)).

%!  closure(+Module, +Closure, +Argument, ...): a goal with all its arguments.
closure(M, C, A) :- whole(C, [A], G), goal(M, G).
closure(M, C, A, B) :- whole(C, [A, B], G), goal(M, G).
closure(M, C, A, B, D) :- whole(C, [A, B, D], G), goal(M, G).
closure(M, C, A, B, D, E) :- whole(C, [A, B, D, E], G), goal(M, G).
closure(M, C, A, B, D, E, F) :- whole(C, [A, B, D, E, F], G), goal(M, G).
closure(M, C, A, B, D, E, F, H) :- whole(C, [A, B, D, E, F, H], G), goal(M, G).
closure(M, C, A, B, D, E, F, H, I) :- whole(C, [A, B, D, E, F, H, I], G), goal(M, G).

whole(Closure, _, _) :- var(Closure), !, instantiation_error(Closure).
whole(Qualifier:Closure, Extra, Qualifier:Goal) :- !, whole(Closure, Extra, Goal).
whole(Closure, Extra, Goal) :- must_be(callable, Closure), Closure =.. Parts, append(Parts, Extra, All), Goal =.. All.

maplist(G, As, Bs, Cs, Ds, Es) :- maplist_(As, Bs, Cs, Ds, Es, G).

maplist_([], [], [], [], [], _).
maplist_([A|As], [B|Bs], [C|Cs], [D|Ds], [E|Es], G) :- call(G, A, B, C, D, E), maplist_(As, Bs, Cs, Ds, Es, G).

maplist(G, As, Bs, Cs, Ds, Es, Fs) :- maplist_(As, Bs, Cs, Ds, Es, Fs, G).

maplist_([], [], [], [], [], [], _).
maplist_([A|As], [B|Bs], [C|Cs], [D|Ds], [E|Es], [F|Fs], G) :-
    call(G, A, B, C, D, E, F), maplist_(As, Bs, Cs, Ds, Es, Fs, G).

%   Where Prolog prints a time to the terminal, nothing is printed.
time(Goal) :- call(Goal).

call_time(Goal, Time) :-
    statistics(cputime, Before), call(Goal), statistics(cputime, After), Used is After - Before,
    Time = time{cpu:Used, inferences:0, wall:Used}.

call_with_time_limit(Seconds, Goal) :-
    Most is integer(10_000_000 * Seconds),
    call_with_inference_limit(Goal, Most, Result), !,
    ( Result == inference_limit_exceeded -> throw(time_limit_exceeded) ; true ).

phrase(Body, List) :- phrase(Body, List, []).
phrase(Module:Body, List, Rest) :-
    must_be(nonvar, Body),
    dcg_translate_rule((phrase --> Body), Clause),
    ( Clause = (phrase(List0, Rest0) :- Goal) -> true ; Clause = phrase(List0, Rest0), Goal = true ),
    List0 = List, Rest0 = Rest,
    goal(Module, Goal).

/* ---------- the program's own clauses ---------- */

assert(Module, Clause) :- assertz(Module, Clause).
asserta(Module, Clause) :- own(Module, Clause, Translated), system:asserta(Translated).
assertz(Module, Clause) :- own(Module, Clause, Translated), system:assertz(Translated).

own(_, Clause, _) :- var(Clause), !, instantiation_error(Clause).
own(Module, Qualifier:Clause, Translated) :- !, own_module(Qualifier, Module, Own), own(Own, Clause, Translated).
own(Module, (Head :- Body), Own:(Inner :- Translated)) :- !,
    own_head(Module, Head, Own, Inner), translated(Body, Own, Translated).
own(Module, Head, Own:Inner) :- own_head(Module, Head, Own, Inner).

own_head(_, Head, _, _) :- var(Head), !, instantiation_error(Head).
own_head(Module, Qualifier:Head, Own, Inner) :- !, own_module(Qualifier, Module, Own0), own_head(Own0, Head, Own, Inner).
own_head(Module, Head, Module, Head) :- must_be(callable, Head), functor(Head, Name, Arity), define(Module, Name/Arity).

own_module(Qualifier, _, Own) :- module_of(Qualifier, Own), !.
own_module(Qualifier, _, _) :- refuse(Qualifier).

retract(Module, Clause) :- own(Module, Clause, Translated), system:retract(Translated).
retractall(Module, Head) :- own_head(Module, Head, Own, Inner), system:retractall(Own:Inner).
clause(Module, Head, Body) :- own_head(Module, Head, Own, Inner), system:clause(Own:Inner, Body).

abolish(Module, Indicator) :- Indicator = Name/Arity, functor(Head, Name, Arity), retractall(Module, Head).
abolish(Module, Name, Arity) :- abolish(Module, Name/Arity).

dynamic(Module, Declared) :- forall(indicator(Declared, Name/Arity), declare(Module, Name/Arity)).

declare(Module, Name/Arity) :- define(Module, Name/Arity), system:dynamic(Module:Name/Arity).

indicator(Declared, _) :- var(Declared), !, instantiation_error(Declared).
indicator((A, B), Indicator) :- !, ( indicator(A, Indicator) ; indicator(B, Indicator) ).
indicator(List, Indicator) :- is_list(List), !, member(One, List), indicator(One, Indicator).
indicator(Declared as _, Indicator) :- !, indicator(Declared, Indicator).
indicator(Name//Count, Name/Arity) :- !, Arity is Count + 2.
indicator(Name/Arity, Name/Arity) :- !, must_be(atom, Name), must_be(between(0, 100), Arity).
indicator(Declared, _) :- refuse(Declared).

table(Module, Tables) :- forall(table_of(Tables, Table), table_one(Module, Table)).

table_of(Tables, _) :- var(Tables), !, instantiation_error(Tables).
table_of((A, B), Table) :- !, ( table_of(A, Table) ; table_of(B, Table) ).
table_of(Table as _, One) :- !, table_of(Table, One).
table_of(Table, Table) :- ( Table = _:_ -> refuse(Table) ; true ).

table_one(Module, Table) :-
    (   Table = Name/Arity -> true
    ;   Table = Name//Count -> Arity is Count + 2
    ;   functor(Table, Name, Arity), forall(arg(_, Table, Mode), mode(Mode)) ),
    define(Module, Name/Arity),
    system:dynamic(Module:Name/Arity),
    system:table(Module:Table).

%   Not lattice(Goal) and po(Goal), which call goals.
mode(Mode) :- var(Mode), !.
mode(Mode) :- memberchk(Mode, [index, -, +, first, last, min, max, sum]), !.
mode(Mode) :- refuse(table(Mode)).

current_predicate(Module, Name/Arity) :- defined(Module, Name/Arity), functor(Head, Name, Arity), \+ \+ system:clause(Module:Head, _).

/* ---------- operators, flags and variables ---------- */

%   In the user's module too, by which terms are written.
op(Module, Priority, Type, Names) :- ( is_list(Names) -> Each = Names ; Each = [Names] ),
    forall(member(Name, Each),
           ( must_be(atom, Name), system:op(Priority, Type, Module:Name), system:op(Priority, Type, user:Name) )).
current_op(Module, Priority, Type, Name) :- system:current_op(Priority, Type, Module:Name).

set_prolog_flag(_, Flag, _) :- memberchk(Flag, [clpfd_monotonic, occurs_check]), !, refuse(set_prolog_flag(Flag)).
set_prolog_flag(_, _, _).

current_prolog_flag(_, Flag, Value) :-
    memberchk(Flag, [bounded, max_integer, min_integer, max_tagged_integer, min_tagged_integer, version, double_quotes]),
    system:current_prolog_flag(Flag, Value).

b_setval(_, Name, Value) :- variable(Name, Own), system:b_setval(Own, Value).
b_getval(_, Name, Value) :- variable(Name, Own), system:b_getval(Own, Value).
nb_setval(_, Name, Value) :- variable(Name, Own), system:nb_setval(Own, Value).
nb_getval(_, Name, Value) :- variable(Name, Own), system:nb_getval(Own, Value).

flag(_, Name, Old, New) :- variable(Name, Own), system:flag(Own, Old, New).

%   What is recorded, under names of its own; nothing else has a reference that a program could erase by.
recorda(_, Key, Term) :- recorded_as(Key, Own), system:recorda(Own, Term).
recorda(_, Key, Term, Reference) :- recorded_as(Key, Own), system:recorda(Own, Term, Reference).
recordz(_, Key, Term) :- recorded_as(Key, Own), system:recordz(Own, Term).
recordz(_, Key, Term, Reference) :- recorded_as(Key, Own), system:recordz(Own, Term, Reference).
recorded(_, Key, Term) :- recorded_as(Key, Own), system:recorded(Own, Term).
recorded(_, Key, Term, Reference) :- recorded_as(Key, Own), system:recorded(Own, Term, Reference).
erase(_, Reference) :- system:recorded(_, _, Reference), !, system:erase(Reference).

recorded_as(Key, Own) :- must_be(nonvar, Key), ( compound(Key) -> functor(Key, Name, _) ; Name = Key ), variable(Name, Own).

variable(Name, Own) :- must_be(atomic, Name), atom_concat('program: ', Name, Own).

/* ---------- what has no meaning here ---------- */

halt(_) :- throw(neurosym_halt).
halt(_, _) :- throw(neurosym_halt).
discontiguous(_, _).
multifile(_, _).
meta_predicate(_, _).
style_check(_, _).
'use_module'(_, _).
'use_module'(_, _, _).
ensure_loaded(_, _).
consult(_, File) :- refuse(consult(File)).
initialization(Module, Goal) :- goal(Module, Goal).
initialization(Module, Goal, _) :- goal(Module, Goal).
garbage_collect_atoms(_).
prompt(_, _, _).
set_prolog_stack(_, _, _).
debug(_, _, _, _).
assertion(Module, Goal) :- ( \+ \+ goal(Module, Goal) -> true ; throw(error(assertion_failed(Goal), _)) ).
