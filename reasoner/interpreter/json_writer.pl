/*  Terms as JSON in pure ASCII, flat however deep they are: a term of one part is that part, any other the list of its
    parts in reading order. Parts are numbers as they are, atoms as "name", ["name", n] of a compound with n arguments,
    [n] of a proper list with n elements, strings as {"s": text}, variables as {"v": name}.
*/
:- module(neurosym_json, [put_term/1, put_string/1, put_text/1, put_list/2, term_text/2, fault_text/2]).
:- use_module(library(apply)).
:- use_module('../limits/memory').
:- set_prolog_flag(optimise, true).

%!  put_term(+Term) writes a term.
put_term(Term) :- compound(Term), \+ ( Term = '$VAR'(Name), atom(Name) ), !, write('['), put_parts(Term), write(']').
put_term([]) :- !, write('[[0]]').
put_term(Term) :- put_parts(Term).

put_parts(Term) :- var(Term), !, term_text(Term, Text), put_tagged(v, Text).
put_parts([]) :- !, write('[0]').
put_parts(Term) :- compound(Term), !, put_compound(Term).
put_parts(Term) :- integer(Term), !, write(Term).
put_parts(Term) :- atom(Term), !, put_string(Term).
put_parts(Term) :- float(Term), !, put_float(Term).
put_parts(Term) :- string(Term), !, put_tagged(s, Term).
put_parts(Term) :- term_text(Term, Text), put_tagged(s, Text).

%   As Python's json reads them.
put_float(Float) :- Float =:= inf, !, write('Infinity').
put_float(Float) :- Float =:= -inf, !, write('-Infinity').
put_float(Float) :- Float =\= Float, !, write('NaN').
put_float(Float) :- print(Float).

put_compound('$VAR'(Name)) :- atom(Name), !, put_tagged(v, Name).
put_compound('$fd'(K)) :- integer(K), !, write('["$fd",1],'), write(K).
put_compound(Term) :- is_list(Term), !, length(Term, Length), format('[~d]', [Length]), put_arguments(Term).
put_compound([First|Rest]) :- !, put_partial(First, Rest).
put_compound(Term) :-
    compound_name_arguments(Term, Name, Arguments),
    (   Arguments = [_, _], usual(Name, Head)
    ->  write(Head)
    ;   length(Arguments, Arity), write('['), put_string(Name), format(',~d]', [Arity]) ),
    put_arguments(Arguments).

%   What constraints are mostly made of.
usual(+, '["+",2]').
usual(-, '["-",2]').
usual(*, '["*",2]').
usual(#=, '["#=",2]').
usual(#\=, '["#\\\\=",2]').
usual(#<, '["#<",2]').
usual(#>, '["#>",2]').
usual(#=<, '["#=<",2]').
usual(#>=, '["#>=",2]').

%   A list that ends in no list: what is no list at its beginning is none further on.
put_partial(First, Rest) :-
    write('["[|]",2],'), put_parts(First), write(','),
    ( nonvar(Rest), Rest = [Next|More] -> put_partial(Next, More) ; put_parts(Rest) ).

put_arguments([]).
put_arguments([Argument|Arguments]) :- write(','), put_parts(Argument), put_arguments(Arguments).

put_tagged(Tag, Text) :-
    format('{"~w":', [Tag]), put_string(Text), write('}').

%!  put_list(:Put, +List) writes a JSON array, each element by call(Put, Element).
:- meta_predicate put_list(1, +).
put_list(Put, List) :-
    write('['), put_elements(List, Put), write(']').

put_elements([], _).
put_elements([First|Rest], Put) :-
    \+ \+ call(Put, First),
    put_more(Rest, Put).

put_more([], _).
put_more([Element|Rest], Put) :- write(','), \+ \+ call(Put, Element), put_more(Rest, Put).

%!  put_string(+Text): between quotes.
put_string(Text) :-
    keep_text(Text),
    string_codes(Text, Codes),
    put_quoted(Codes).

%!  put_text(+Term) writes the string of term_text/2.
put_text(Term) :-
    (   ground(Term)
    ->  text_options(Options), format(codes(Codes), '~W', [Term, Options]), keep_text(Codes), put_quoted(Codes)
    ;   term_text(Term, Text), put_string(Text) ).

put_quoted(Codes) :-
    (   plain(Codes) -> format('"~s"', [Codes])
    ;   write('"'), put_codes(Codes), write('"') ).

plain([]).
plain([Code|Codes]) :- Code >= 32, Code < 127, Code =\= 0'", Code =\= 0'\\, plain(Codes).

put_codes([]).
put_codes([Code|Codes]) :- put_code_(Code), put_codes(Codes).

put_code_(0'") :- !, write('\\"').
put_code_(0'\\) :- !, write('\\\\').
put_code_(Code) :- Code >= 32, Code < 127, !, put_char_code(Code).
put_code_(Code) :- Code < 65536, !, format('\\u~|~`0t~16r~4+', [Code]).
put_code_(Code) :-
    High is 0xD800 + ((Code - 0x10000) >> 10),
    Low is 0xDC00 + ((Code - 0x10000) /\ 0x3FF),
    format('\\u~16r\\u~16r', [High, Low]).

put_char_code(Code) :- char_code(Char, Code), put_char(Char).

%!  term_text(+Term, -Text): as a user writes it, its variables A, B, ...
term_text(Term, Text) :-
    (   ( ground(Term) ; \+ acyclic_term(Term) ) -> Named = Term
    ;   copy_term_nat(Term, Named), numbervars(Named, 0, _, [singletons(true)]) ),
    text_options(Options),
    format(string(Text), '~W', [Named, Options]).

%   Names that are prefix operators in SWI-Prolog alone are plain names in a text: table(a), not (table a).
:- initialization(forall(( current_op(_, fx, Name), Name \== (:-), Name \== (?-) ), op(0, fx, neurosym_text:Name))).

text_options([quoted(true), numbervars(true), module(neurosym_text)]).

%!  fault_text(+Term, -Text): as a user writes it, with the operators of library(clpfd) and _ for each variable.
fault_text(Term, Text) :-
    ( acyclic_term(Term) -> nameless(Term, Shown) ; Shown = Term ),
    format(string(Text), '~W', [Shown, [quoted(true), numbervars(true), portray(false), max_depth(0),
                                        module(neurosym_constraint_syntax)]]).

nameless(Term, '$VAR'('_')) :- var(Term), !.
nameless('$fd'(_), '$VAR'('_')) :- !.
nameless('$true'(Term), Copy) :- !, nameless(Term, Copy).
nameless(Term, Copy) :- compound(Term), !,
    compound_name_arguments(Term, Name, Arguments),
    maplist(nameless, Arguments, Copies),
    compound_name_arguments(Copy, Name, Copies).
nameless(Term, Term).
