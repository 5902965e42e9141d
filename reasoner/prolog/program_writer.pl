/*  Writes a program that was read as JSON: each clause as terms and as text, and the calls of what is nowhere defined. */
:- module(neurosym_program_writer, [put_clauses/3]).
:- use_module(json_writer).

:- op(1000, xfx, ::).

%!  put_clauses(+Clauses, +Directives, +Unknown)
put_clauses(Clauses, Directives, Unknown) :-
    write('{"clauses":'), put_list(neurosym_program_writer:put_clause, Clauses),
    write(',"directives":'), length(Directives, Count), write(Count),
    write(',"unknown":'),
    put_list(neurosym_program_writer:put_unknown, Unknown),
    write('}').

put_unknown(unknown(Id, Offset, Indicator)) :-
    term_text(Indicator, Text),
    format('[~d,~d,', [Id, Offset]), put_string(Text), write(']').

put_clause(clause(_, Offset, rule(Pairs, Body, Choice), Names, _)) :-
    named(Names),
    Pairs = [_-Head|_],
    shown(Choice, Pairs, Shown),
    ( Body == true -> Term = Shown ; Term = (Shown :- Body) ),
    clause_text(Term, Text),
    format('[~d,', [Offset]), put_term(Head), write(','), put_term(Body), write(','), put_string(Text), write(','),
    put_choice(Choice, Pairs), write(']').

named([]).
named([Name='$VAR'(Name)|Names]) :- named(Names).

shown(none, [_-Head], Head).
shown(chance, Pairs, Shown) :- disjunction(Pairs, Shown).
shown(net(Name, Inputs, Output, Values), [_-Head], nn(Name, Inputs, Output, Values) :: Head).
shown(function(Name, Inputs, Output), [_-Head], nn(Name, Inputs, Output) :: Head).

disjunction([P-Head], P :: Head) :- !.
disjunction([P-Head|Pairs], (P :: Head ; Rest)) :- disjunction(Pairs, Rest).

put_choice(none, _) :- write(null).
put_choice(chance, Pairs) :-
    write('{"chance":'), put_list(neurosym_program_writer:put_pair, Pairs), write('}').
put_choice(net(Name, _, _, Values), _) :-
    write('{"network":'), put_string(Name), write(',"values":'), put_list(neurosym_json:put_term, Values), write('}').
put_choice(function(_, _, _), _) :- write(null).

put_pair(P-Head) :- write('['), put_term(P), write(','), put_term(Head), write(']').

clause_text(Term, Text) :-
    format(string(Text), '~W', [Term, [quoted(true), numbervars(true), portray(false), module(neurosym_syntax)]]).
