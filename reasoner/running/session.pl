/*  A process that runs one program: it loads it, calls a goal, and tells each answer; what the program prints goes to the
    standard output. It is made for one run and ends with it.
*/
:- module(neurosym_session, []).
:- set_prolog_flag(autoload, true).
:- use_module(library(aggregate)).
:- use_module(library(apply)).
:- use_module(library(assoc)).
:- use_module(library(backcomp)).
:- use_module(library(clpfd), []).
:- use_module(library(dif)).
:- use_module(library(error)).
:- use_module(library(gensym)).
:- use_module(library(heaps)).
:- use_module(library(lists)).
:- use_module(library(nb_set)).
:- use_module(library(ordsets)).
:- use_module(library(pairs)).
:- use_module(library(random)).
:- use_module(library(solution_sequences)).
:- use_module(library(sort)).
:- use_module(library(strings)).
:- use_module(library(terms)).
:- use_module(library(ugraphs)).
:- use_module(library(when)).
:- use_module(library(yall)).
:- use_module(library(prolog_code)).
:- use_module(calls).
:- use_module(channel).
:- use_module(labelling).
:- use_module(loader).
:- use_module(outputs).
:- use_module(recorder).
:- use_module(translation).
:- use_module('../interpreter/json_writer').

:- initialization(catch_with_backtrace(work,E,(print_message(error,E),halt(3))), main).

work :-
    current_prolog_flag(argv, [Path|_]),
    open_channel(Path),
    set_stream(user_input, encoding(utf8)), set_stream(user_input, newline(posix)),
    set_stream(user_output, encoding(utf8)), set_stream(user_output, buffer(full)), set_stream(user_output, tty(false)), set_stream(user_output, record_position(true)),
    prompt(_, ''),
    set_prolog_flag(autoload, false),
    ask(ready, run(Name, Text, GoalText, Patience, Bytes)),
    set_patience(Patience),
    set_prolog_flag(stack_limit, Bytes),
    set_prolog_flag(table_space, Bytes),
    catch(serve(Name, Text, GoalText), Error, failed(Error)),
    halt.

serve(Name, Text, GoalText) :-
    start_recording, forget_labelling,
    load_program(Name, Text, Module),
    findall(Warning, warned(Warning), Warnings), tell(loaded(Warnings)),
    term_string(Goal, GoalText, [variable_names(Names), module(Module), syntax_errors(error)]),
    (   answer(Module, Goal, Names) -> true
    ;   counts(Counts), tell(no(Counts)) ).

%   Succeeds when no more answers are wanted.
answer(Module, Goal, Names) :-
    neurosym_calls:goal(Module, Goal),
    include(shown, Names, Shown),
    label_rest(Shown),
    copy_term(Shown, Copy, Rest),    % without constraints
    counts(Counts),
    ( Rest == [] -> Whole = whole ; Whole = constrained ),
    ask(answer(Copy, Whole, Counts), Reply),
    Reply == stop.

shown(Name=_) :- \+ sub_atom(Name, 0, _, _, '_').

counts([ByClpfd, BySearch]) :- labelled(clpfd, ByClpfd), labelled(search, BySearch).

failed(neurosym_halt) :- !, counts(Counts), tell(halted(Counts)).
failed(neurosym_wrong(Constraint)) :- !, said(Constraint, Text), tell(wrong(Text)).
failed(Error) :-
    (   neurosym_calls:refused(What), Error = error(permission_error(call, procedure, Refused), _), What == Refused
    ->  said(What, Text), tell(refused(Text))
    ;   nonvar(Error), Error = error(resource_error(What), _) -> said(What, Text), tell(memory(Text))
    ;   message(Error, Text), tell(error(Text)) ).

said(Term, Text) :- format(string(Text), '~W', [Term, [quoted(true), max_depth(10)]]).

message(Error, Text) :-
    (   catch(message_to_lines(Error, Text), _, fail) -> true
    ;   said(Error, Text) ).

message_to_lines(Error, Text) :-
    '$messages':translate_message(Error, Lines, []),
    with_output_to(string(Text), print_message_lines(current_output, '', Lines)).
