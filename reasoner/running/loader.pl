/*  Loads a program's text as clauses of a module of its own, translated; files of the same folder that it names are asked
    for outside.
*/
:- module(neurosym_loader, [load_program/3, warned/1, forget_warnings/0]).
:- use_module(library(lists)).
:- use_module(library(apply)).
:- use_module('../clpfd/operators').
:- use_module(translation).
:- use_module(channel).

:- dynamic warned/1, module_count/1, flag_of/3, exported/2.

%!  warned(-Text): what is wrong in the text, but does not end the run, as in Prolog.
%!  forget_warnings: see warned/1.
forget_warnings :- retractall(warned(_)), retractall(flag_of(_, _, _)), retractall(exported(_, _)).

warn(Format, Arguments) :- format(string(Text), Format, Arguments), assertz(warned(Text)).

%!  load_program(+Name, +Text, -Module): its clauses are there, its directives were obeyed.
load_program(Name, Text, Module) :-
    flag(neurosym_modules, Count, Count + 1),
    atomic_list_concat([program, Count], Module),
    set_module(Module:class(user)),
    forall(operator(Priority, Type, Operator), neurosym_calls:op(Module, Priority, Type, Operator)),
    name_module(Name, Module),
    ( Count =:= 0 -> name_module(user, Module) ; true ),
    setup_call_cleanup(open_string(Text, Stream), read_all(Stream, Module, Read, []), close(Stream)),
    forall(( member(Term-_, Read), head(Term, Head) ), ( functor(Head, N, A), define(Module, N/A) )),
    partition(waits, Read, Later, Now),
    forall(member(Term-Line, Now), add(Term, Line, Module)),
    forall(member(Term-Line, Later), add(Term, Line, Module)).

%   What is done once all clauses are there.
waits((:- Directive)-_) :- nonvar(Directive), ( Directive = initialization(_) ; Directive = initialization(_, _) ), !.

operator(Priority, Type, Operator) :-
    module_property(neurosym_constraint_operators, exported_operators(Operators)),
    member(op(Priority, Type, Operator), Operators).

read_all(Stream, Module, Read, Rest) :-
    ( flag_of(Module, double_quotes, Quotes) -> true ; Quotes = string ),
    catch(read_term(Stream, Term, [ module(Module), double_quotes(Quotes), syntax_errors(error), cycles(false),
                                    term_position(Position) ]),
          error(syntax_error(What), _), Term = '$syntax'(What)),
    (   Term == end_of_file -> Read = Rest
    ;   Term = '$syntax'(What0)
    ->  line_count(Stream, Line), warn('line ~w: syntax error: ~w', [Line, What0]), read_all(Stream, Module, Read, Rest)
    ;   stream_position_data(line_count, Position, Line),
        catch(at_once(Term, Module, Kept), Error, ( about(Line, Error), Kept = none )),
        ( Kept == none -> Read = More ; Read = [Kept-Line|More] ),
        read_all(Stream, Module, More, Rest) ).

about(Line, Error) :- ( outside_error(Error) -> throw(Error) ; short(Error, Text), warn('line ~w: ~s', [Line, Text]) ).

outside_error(Error) :- \+ Error = error(_, _).

short(error(Formal, _), Text) :- !, format(string(Whole), '~W, left out', [Formal, [quoted(true), max_depth(8)]]), string_codes(Whole, Text).
short(Error, Text) :- format(string(Whole), '~W', [Error, [quoted(true), max_depth(8)]]), string_codes(Whole, Text).

%   What must be known to read on.
at_once(Term, _, none) :- var(Term), !.
at_once((:- Directive), Module, Kept) :- !, ( obeyed(Directive, Module) -> Kept = none ; Kept = (:- Directive) ).
at_once((?- Directive), Module, Kept) :- !, at_once((:- Directive), Module, Kept).
at_once((Head --> Body), _, Clause) :- !, dcg_translate_rule((Head --> Body), Clause).
at_once(Term, _, Term).

obeyed(Directive, _) :- var(Directive), !, fail.
obeyed(module(Name, Exports), Module) :-
    ( atom(Name) -> name_module(Name, Module) ; true ),
    forall(member(op(Priority, Type, Operators), Exports), neurosym_calls:op(Module, Priority, Type, Operators)),
    forall(member(Export, Exports), assertz(exported(Module, Export))).
obeyed(op(Priority, Type, Operators), Module) :- neurosym_calls:op(Module, Priority, Type, Operators).
obeyed(set_prolog_flag(double_quotes, Value), Module) :-
    memberchk(Value, [codes, chars, atom, string]),
    retractall(flag_of(Module, double_quotes, _)), assertz(flag_of(Module, double_quotes, Value)).
obeyed('use_module'(library(_)), _).
obeyed('use_module'(library(_), _), _).
obeyed(ensure_loaded(library(_)), _).
obeyed('use_module'(File), Module) :- use_file(File, Module, all).
obeyed('use_module'(File, Only), Module) :- use_file(File, Module, Only).
obeyed(ensure_loaded(File), Module) :- use_file(File, Module, all).
obeyed(consult(File), Module) :- use_file(File, Module, all).
obeyed([File|Files], Module) :- forall(member(One, [File|Files]), use_file(One, Module, all)).
obeyed(dynamic(Declared), Module) :- neurosym_calls:dynamic(Module, Declared).
obeyed(table(Tables), Module) :- neurosym_calls:table(Module, Tables).
obeyed(discontiguous(_), _).
obeyed(multifile(_), _).
obeyed(style_check(_), _).
obeyed(meta_predicate(_), _).
obeyed(set_prolog_flag(_, _), _).
obeyed(license(_), _).

use_file(File, Module, _) :-
    (   module_of(File, Used) -> true
    ;   ( atom(File) -> true ; throw(error(type_error(source_file, File), _)) ),
        ask(load(File), Reply),
        (   Reply = text(Text) -> load_program(File, Text, Used)
        ;   throw(error(existence_error(source_file, File), _)) ) ),
    (   exported(Used, _)
    ->  forall(( exported(Used, Export), indicator(Export, Indicator) ), import(Module, Indicator, Used)),
        forall(exported(Used, op(Priority, Type, Operators)), neurosym_calls:op(Module, Priority, Type, Operators))
    ;   forall(( defined(Used, Indicator), From = Used ; imported(Used, Indicator, From) ), import(Module, Indicator, From)),
        forall(( current_op(Priority, Type, Used:Operator), \+ current_op(Priority, Type, Module:Operator) ),
               neurosym_calls:op(Module, Priority, Type, Operator)) ).

indicator(Name/Arity, Name/Arity).
indicator(Name//Count, Name/Arity) :- Arity is Count + 2.

head((:- _), _) :- !, fail.
head((Head0 :- _), Head) :- !, head(Head0, Head).
head(_:_, _) :- !, fail.
head(Head, Head) :- callable(Head).

add((:- Directive), Line, Module) :- !,
    (   catch(neurosym_calls:goal(Module, Directive), Error, ( about(Line, Error), fail )) -> true
    ;   warn('line ~w: the directive failed', [Line]) ).
add(Clause, Line, Module) :- catch(neurosym_calls:assertz(Module, Clause), Error, about(Line, Error)).
