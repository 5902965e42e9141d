/*  Printing to the program's own output: to no stream but it, and with no goals hidden in formats and options. */
:- module(neurosym_outputs, []).
:- use_module(library(error)).
:- use_module(library(lists)).
:- use_module(library(listing), []).
:- forall(member(Head, [ nl(_), write(_, _), writeln(_, _), print(_, _), writeq(_, _), write_canonical(_, _), put_char(_, _),
                         tab(_, _), flush_output(_), write_term(_, _), write_term(_, _, _), read(_), format(_), format(_, _),
                         format(_, _, _), print_message(_, _), print_message_lines(_, _, _), writef(_), writef(_, _) ]),
          redefine_system_predicate(Head)).

%   What goes to user_error is for a terminal; it is dropped.
to(Stream, none) :- Stream == user_error, !.
to(Stream, user_output) :- Stream == user_output, !.
to(Stream, _) :- must_be(nonvar, Stream), existence_error(stream, Stream).

nl(S) :- to(S, O), ( O == none -> true ; system:nl(O) ).
write(S, T) :- to(S, O), ( O == none -> true ; system:write(O, T) ).
writeln(S, T) :- to(S, O), ( O == none -> true ; system:writeln(O, T) ).
print(S, T) :- to(S, O), ( O == none -> true ; system:print(O, T) ).
writeq(S, T) :- to(S, O), ( O == none -> true ; system:writeq(O, T) ).
write_canonical(S, T) :- to(S, O), ( O == none -> true ; system:write_canonical(O, T) ).
put_char(S, C) :- to(S, O), ( O == none -> true ; system:put_char(O, C) ).
tab(S, N) :- to(S, O), ( O == none -> true ; system:tab(O, N) ).
flush_output(S) :- to(S, _).
write_term(T, Options) :- harmless(Options), system:write_term(T, Options).
write_term(S, T, Options) :- to(S, O), harmless(Options), ( O == none -> true ; system:write_term(O, T, Options) ).
portray_clause(T) :- current_output(O), listing:portray_clause(O, T).
portray_clause(S, T) :- to(S, O), ( O == none -> true ; listing:portray_clause(O, T) ).
print_message(_, _).
print_message_lines(_, _, _).
read(end_of_file).    % there is no input

harmless(Options) :-
    must_be(list, Options),
    forall(member(Option, Options), ( functor(Option, Name, _), allowed_option(Name) -> true ; refuse_option(Option) )).

allowed_option(Name) :-
    memberchk(Name, [ quoted, max_depth, numbervars, ignore_ops, portray, spacing, fullstop, nl, priority, character_escapes,
                      variable_names, cycles, dotlists, brace_terms, no_lists, partial ]).

refuse_option(Option) :- domain_error(write_option, Option).

format(Format) :- safe_format(Format), system:format(Format).
format(Format, Arguments) :- safe_format(Format), system:format(Format, Arguments).
format(Sink, Format, Arguments) :-
    must_be(nonvar, Sink), safe_format(Format),
    (   compound(Sink) -> memberchk(Sink, [atom(_), string(_), codes(_), codes(_, _), chars(_)]),
        system:format(Sink, Format, Arguments)
    ;   to(Sink, Output), ( Output == none -> true ; system:format(Output, Format, Arguments) ) ).

%   The directive ~@ calls a goal.
safe_format(Format) :-
    (   catch(text_to_string(Format, String), _, fail) -> string_codes(String, Codes), without_goals(Codes)
    ;   atomic(Format) -> true
    ;   must_be(callable, Format), domain_error(format, Format) ).

without_goals([]).
without_goals([0'~|Codes]) :- !, directive(Codes).
without_goals([_|Codes]) :- without_goals(Codes).

directive([0'`, _|Codes]) :- !, directive(Codes).
directive([Code|Codes]) :- ( code_type(Code, digit) ; memberchk(Code, `*:`) ), !, directive(Codes).
directive([0'@|_]) :- !, neurosym_calls:refuse(format('~@')).
directive([_|Codes]) :- without_goals(Codes).
directive([]).

writef(Format) :- backcomp_writef(Format, []).
writef(Format, Arguments) :- backcomp_writef(Format, Arguments).

%   %w, %d and %t are arguments, \n written as two characters is a new line.
backcomp_writef(Format, Arguments) :- atom_codes(Format, Codes), written(Codes, Arguments).

written([], _).
written([0'%, Kind|Codes], [Argument|Arguments]) :- memberchk(Kind, `wdt`), !, system:write(Argument), written(Codes, Arguments).
written([0'%|Codes0], [Argument|Arguments]) :- column(Codes0, Width, Kind, Codes), !,
    format(string(Text), '~w', [Argument]), string_length(Text, Length), Room is max(0, Width - Length),
    aligned(Kind, Text, Room), written(Codes, Arguments).
written([0'\\, 0'n|Codes], Arguments) :- !, system:nl, written(Codes, Arguments).
written([0'\\, 0'l|Codes], Arguments) :- !, system:nl, written(Codes, Arguments).
written([Code|Codes], Arguments) :- put_char_code(Code), written(Codes, Arguments).

%   %8l, %8r and %8c: to the left, to the right and in the middle of so many columns.
column(Codes0, Width, Kind, Codes) :-
    digits(Codes0, Digits, [Kind|Codes]), Digits = [_|_], length(Digits, Count), Count =< 3, memberchk(Kind, `lrc`),
    number_codes(Width, Digits).

digits([Code|Codes], [Code|Digits], Rest) :- Code >= 0'0, Code =< 0'9, !, digits(Codes, Digits, Rest).
digits(Rest, [], Rest).

aligned(0'l, Text, Room) :- system:write(Text), system:tab(Room).
aligned(0'r, Text, Room) :- system:tab(Room), system:write(Text).
aligned(0'c, Text, Room) :- Right is Room // 2, Left is Room - Right, system:tab(Left), system:write(Text), system:tab(Right).

put_char_code(Code) :- char_code(Char, Code), system:put_char(Char).
