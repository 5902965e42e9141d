/*  What no program may do, of rules and of constraints alike: which predicates it may not redefine, which directives it
    may give, and what a name that is nowhere defined may have been meant to be.
*/
:- module(neurosym_refusals,
          [ fixed/1, check_directive/3, declared/2, moded_table/2, of_file/1, system_predicate/1, suggestion/3 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).

%!  fixed(+Goal): control and what Prolog's own reading rests on may not be redefined by a program.
fixed(Goal) :-
    functor(Goal, Name, Arity),
    memberchk(Name/Arity,
              [ (',')/2, (;)/2, (->)/2, (*->)/2, (\+)/1, (!)/0, true/0, fail/0, false/0, (=)/2, (\=)/2, (==)/2, (\==)/2,
                (is)/2, (<)/2, (>)/2, (=<)/2, (>=)/2, (=:=)/2, (=\=)/2, (::)/2 ]).

%!  check_directive(+Kind, +Directive, +Place) refuses a directive that is not obeyed, in a program of rules or constraints.
check_directive(Kind, Directive, Place) :- ( obeyed(Kind, Directive, Place) -> true ; throw(refused(directive, Place, Directive)) ).

%   It needs nothing done, or it is done.
obeyed(Kind, use_module(library(Name)), _) :- !, built_in(Kind, Libraries), memberchk(Name, Libraries).
obeyed(Kind, use_module(library(Name), _), Place) :- !, obeyed(Kind, use_module(library(Name)), Place).
obeyed(rules, unknown(Action), _) :- !, memberchk(Action, [fail, error]).
obeyed(_, discontiguous(_), _).
obeyed(rules, Files, Place) :- of_file(Files), !, throw(refused(file, Place, Files)).
obeyed(rules, dynamic(Declared), _) :- ground(Declared), forall(indicator(Declared, Indicator), declarable(Indicator)).
obeyed(rules, table(Tables), Place) :- plain_tables(Tables, Place).

%!  declared(+Directive, -Name/Arity) is nondet: a predicate that may have no clauses, such as one of facts still to come.
declared(dynamic(Declared), Indicator) :- indicator(Declared, Indicator).

indicator((A, B), Indicator) :- !, ( indicator(A, Indicator) ; indicator(B, Indicator) ).
indicator(List, Indicator) :- is_list(List), !, member(One, List), indicator(One, Indicator).
indicator(Indicator, Indicator).

declarable(Name/Arity) :-
    atom(Name), integer(Arity), between(0, 100, Arity),
    functor(Head, Name, Arity),
    \+ fixed(Head), \+ memberchk(Name/Arity, [query/1, evidence/1, evidence/2]).

%   What is in these libraries is built in.
built_in(rules, [lists, apply, string, aggregate, between, builtin, cut, control, yall, collect, scope, db, lfi]).
built_in(constraints, [clpfd, lists, apply, yall, aggregate, pairs]).

%!  of_file(+Directive): it brings in a file, which whoever reads the program has put in its place; see including.py.
of_file(consult(_)).
of_file(csv_load(_, _)).
of_file(sqlite_load(_)).
of_file(Directive) :- Directive =.. [use_module, Name], atom(Name), file_name_extension(_, py, Name).

plain_tables(Tables, _) :- var(Tables), !, fail.
plain_tables((A, B), Place) :- !, plain_tables(A, Place), plain_tables(B, Place).
plain_tables(_/Arity, _) :- !, integer(Arity).
plain_tables(_//Arity, _) :- !, integer(Arity).
plain_tables(Table, Place) :-
    callable(Table), functor(Table, Name, Arity),
    ( forall(arg(_, Table, Argument), table_mode(Argument)) -> true ; throw(refused(table_mode, Place, Table)) ),
    ( moded(Table), \+ declarable(Name/Arity) -> throw(refused(builtin_head, Place, Table)) ; true ).

%   Not those that call a predicate to compare answers.
table_mode(Mode) :- var(Mode), !.
table_mode(Mode) :- memberchk(Mode, [index, -, first, last, min, max]).

moded(Table) :- arg(_, Table, Mode), nonvar(Mode), Mode \== index, !.

%!  moded_table(+Directive, -Table) is nondet: a table that keeps some answers only, such as path(_, _, min).
moded_table(table(Tables), Table) :- moded_in(Tables, Table).

moded_in((A, B), Table) :- !, ( moded_in(A, Table) ; moded_in(B, Table) ).
moded_in(Table, Table) :- moded(Table).

%!  system_predicate(+Goal): Prolog has such a predicate, or a library of it.
system_predicate(Goal) :- catch(predicate_property(system:Goal, defined), _, fail), !.
system_predicate(Goal) :-
    functor(Goal, Name, Arity),
    catch('$in_library'(Name, Arity, _), _, fail), !.

%!  suggestion(+Name/Arity, +Known, -Text): what may have been meant, of the known indicators; '' if nothing is near.
suggestion(Name/Arity, Known, Text) :-
    (   member(Near/Other, Known), resembles(Name/Arity, Near/Other)
    ->  format(atom(Text), 'did you mean ~q?', [Near/Other])
    ;   Text = '' ).

resembles(Name/Arity, Name/Other) :- Other \== Arity.
resembles(Name/Arity, Near/Arity) :- Near \== Name, dwim_match(Name, Near).
