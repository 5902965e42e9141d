/*  The channel to the process outside: lines of JSON go out, terms come in. It is not the program's output. */
:- module(neurosym_channel, [open_channel/1, tell/1, ask/2, receive/1]).
:- use_module(library(readutil)).
:- use_module('../interpreter/json_writer').
:- use_module('../limits/memory', [set_budget/1]).

:- dynamic channel/1.

%!  open_channel(+Path): what is told goes there.
open_channel(Path) :- open(Path, write, Stream, [encoding(ascii), newline(posix)]), assertz(channel(Stream)).

%!  tell(+Message): Message is a compound; as a line of JSON, its name and its arguments in the form of json_writer.pl.
tell(Message) :-
    current_prolog_flag(stack_limit, Bytes), set_budget(Bytes),    % anew for each message
    flush_output(user_output),
    channel(Stream),
    Message =.. [Name|Arguments],
    format(Stream, '["~w"', [Name]),
    with_output_to(Stream, Arguments),
    format(Stream, ']~n', []),
    flush_output(Stream).

with_output_to(Stream, Arguments) :-
    current_output(Before),
    setup_call_cleanup(set_output(Stream), put_all(Arguments), set_output(Before)).

put_all([]).
put_all([Argument|Arguments]) :- write(','), put_term(Argument), put_all(Arguments).

%!  ask(+Message, -Reply): tells and waits.
ask(Message, Reply) :- tell(Message), receive(Reply).

%!  receive(-Term): a length on a line of its own, and a term of so many characters.
receive(Term) :-
    read_line_to_string(user_input, Line),
    (   Line == end_of_file -> halt
    ;   number_string(Length, Line), read_string(user_input, Length, Text),
        term_string(Term, Text, [syntax_errors(error)]) ).

