/*  Reads a program with SWI-Prolog's own reader and refuses what the interpreter will not run.

    Every refusal is thrown as refused(Kind, Offset, Term), Offset a character position in the text.
*/
:- module(neurosym_reader,
          [read_clauses/2, read_query/3, check_clauses/2, check_query/2, put_clauses/1, builtin/1, control/1]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(yall)).
:- use_module(json_writer).

:- op(1000, xfx, ::).
:- op(1000, xfx, neurosym_syntax:(::)).

%!  read_clauses(+Text, -Clauses) with Clause = clause(Id, Offset, Term, Names, Positions).
read_clauses(Text, Clauses) :-
    setup_call_cleanup(open_string(Text, Stream), read_all(Stream, 0, Clauses), close(Stream)).

read_all(Stream, Id, Clauses) :-
    read_term(Stream, Term,
              [ variable_names(Names), subterm_positions(Positions), syntax_errors(error),
                double_quotes(string), back_quotes(codes), dotlists(false), cycles(false),
                module(neurosym_syntax) ]),
    (   Term == end_of_file
    ->  Clauses = []
    ;   position_start(Positions, Offset),
        Clauses = [clause(Id, Offset, Term, Names, Positions)|Rest],
        Next is Id + 1,
        read_all(Stream, Next, Rest)
    ).

read_query(Text, Query, Names) :-
    term_string(Query, Text, [variable_names(Names), syntax_errors(error), module(neurosym_syntax), cycles(false)]).

position_start(Positions, 0) :- var(Positions), !.
position_start(parentheses_term_position(From, _, _), From) :- !.
position_start(From-_, From) :- !.
position_start(Positions, From) :- arg(1, Positions, From).

%!  check_clauses(+Clauses, +Domains) refuses the first clause that is unknown, unsafe or badly formed.
check_clauses(Clauses, Domains) :-
    findall(Name/Arity, (member(clause(_, _, Term, _, _), Clauses), head_of(Term, Head),
                         callable(Head), functor(Head, Name, Arity)), Heads0),
    sort(Heads0, Heads),
    forall(member(Clause, Clauses), check_clause(Clause, Heads, Domains)).

head_of((Head :- _), Head) :- !.
head_of((:- _), _) :- !, fail.
head_of(Head, Head).

check_clause(clause(_, Offset, Term, _, Positions), Heads, Domains) :-
    (   \+ callable(Term)
    ->  throw(refused(head, Offset, Term))
    ;   Term = (:- Directive)
    ->  throw(refused(directive, Offset, Directive))
    ;   Term = (?- Directive)
    ->  throw(refused(directive, Offset, Directive))
    ;   Term = (Head --> _)
    ->  throw(refused(grammar, Offset, Head))
    ;   Term = (_ :: _)
    ->  throw(refused(probabilistic, Offset, Term))
    ;   Term = (Head :- Body)
    ->  plain(Positions, term_position(_, _, _, _, [_, BodyPosition])),
        check_head(Head, Offset, Domains),
        check_body(Body, BodyPosition, Heads, Domains)
    ;   check_head(Term, Offset, Domains)
    ).

check_head(Head, Offset, Domains) :-
    (   \+ callable(Head)
    ->  throw(refused(head, Offset, Head))
    ;   functor(Head, Name, 2), memberchk(domain(Name, _), Domains)
    ->  throw(refused(domain_head, Offset, Head))
    ;   ( control(Head) ; fixed(Head) ; is_list(Head) )
    ->  throw(refused(builtin_head, Offset, Head))
    ;   true
    ).

plain(parentheses_term_position(_, _, Inner), Position) :- !, plain(Inner, Position).
plain(Position, Position).

check_body(Goal, Position0, Heads, Domains) :-
    plain(Position0, Position),
    position_start(Position, Offset),
    (   \+ callable(Goal)
    ->  throw(refused(not_callable, Offset, Goal))
    ;   control(Goal)
    ->  check_control(Goal, Position, Heads, Domains)
    ;   functor(Goal, Name, Arity),
        known(Goal, Name/Arity, Heads, Domains)
    ->  true
    ;   Goal = !
    ->  throw(refused(cut, Offset, Goal))
    ;   functor(Goal, Name, Arity),
        ( system_predicate(Goal) -> Kind = unsafe ; Kind = unknown ),
        throw(refused(Kind, Offset, Name/Arity))
    ).

check_control(Goal, Position, Heads, Domains) :-
    (   Goal = (Condition -> _), \+ pure(Condition, Heads)
    ->  position_start(Position, Offset),
        throw(refused(condition, Offset, Condition))
    ;   true
    ),
    Goal =.. [_|Arguments],
    (   Position = term_position(_, _, _, _, Positions) -> true ; Positions = [] ),
    forall(nth0(Index, Arguments, Argument),
           ( nth0(Index, Positions, ArgumentPosition), check_body(Argument, ArgumentPosition, Heads, Domains) )).

known(_, Indicator, Heads, _) :- memberchk(Indicator, Heads), !.
known(_, Name/2, _, Domains) :- memberchk(domain(Name, _), Domains), !.
known(Goal, _, _, _) :- builtin(Goal).

%   A condition of built-ins alone: if-then-else over what is uncertain would have no clear meaning.
pure(Goal, _) :- var(Goal), !, fail.
pure((A, B), Heads) :- !, pure(A, Heads), pure(B, Heads).
pure((A ; B), Heads) :- !, pure(A, Heads), pure(B, Heads).
pure(\+ A, Heads) :- !, pure(A, Heads).
pure(Goal, Heads) :-
    functor(Goal, Name, Arity), \+ memberchk(Name/Arity, Heads), builtin(Goal).

system_predicate(Goal) :- catch(predicate_property(system:Goal, defined), _, fail), !.
system_predicate(Goal) :-
    functor(Goal, Name, Arity),
    catch('$in_library'(Name, Arity, _), _, fail), !.

check_query(Query, Domains) :-
    (   \+ callable(Query)
    ->  throw(refused(query, -1, Query))
    ;   functor(Query, Name, 2), memberchk(domain(Name, _), Domains)
    ->  throw(refused(query_domain, -1, Query))
    ;   neurosym_grounder:defined(Query)
    ->  true
    ;   functor(Query, Name, Arity),
        throw(refused(query_unknown, -1, Name/Arity))
    ).

control((_, _)).
control((_ ; _)).
control((_ -> _)).
control(\+ _).
control(not(_)).

%   May not be redefined by a program.
fixed(Goal) :- functor(Goal, Name, Arity), memberchk(Name/Arity, [true/0, fail/0, false/0, (!)/0, (=)/2, (\=)/2,
    (==)/2, (\==)/2, (is)/2, (<)/2, (>)/2, (=<)/2, (>=)/2, (=:=)/2, (=\=)/2, (::)/2]).

%!  builtin(+Goal): pure, without side effects, allowed in programs unless the program defines its own.
builtin(true).
builtin(fail).
builtin(false).
builtin(_ = _).
builtin(_ \= _).
builtin(_ == _).
builtin(_ \== _).
builtin(_ @< _).
builtin(_ @> _).
builtin(_ @=< _).
builtin(_ @>= _).
builtin(compare(_, _, _)).
builtin(_ is _).
builtin(_ < _).
builtin(_ > _).
builtin(_ =< _).
builtin(_ >= _).
builtin(_ =:= _).
builtin(_ =\= _).
builtin(between(_, _, _)).
builtin(succ(_, _)).
builtin(plus(_, _, _)).
builtin(length(_, _)).
builtin(member(_, _)).
builtin(memberchk(_, _)).
builtin(append(_, _, _)).
builtin(append(_, _)).
builtin(nth0(_, _, _)).
builtin(nth1(_, _, _)).
builtin(last(_, _)).
builtin(reverse(_, _)).
builtin(select(_, _, _)).
builtin(selectchk(_, _, _)).
builtin(subtract(_, _, _)).
builtin(permutation(_, _)).
builtin(delete(_, _, _)).
builtin(msort(_, _)).
builtin(sort(_, _)).
builtin(sort(_, _, _, _)).
builtin(list_to_set(_, _)).
builtin(sum_list(_, _)).
builtin(sumlist(_, _)).
builtin(max_list(_, _)).
builtin(min_list(_, _)).
builtin(max_member(_, _)).
builtin(min_member(_, _)).
builtin(numlist(_, _, _)).
builtin(is_list(_)).
builtin(var(_)).
builtin(nonvar(_)).
builtin(ground(_)).
builtin(integer(_)).
builtin(float(_)).
builtin(number(_)).
builtin(atom(_)).
builtin(atomic(_)).
builtin(compound(_)).
builtin(functor(_, _, _)).
builtin(arg(_, _, _)).
builtin(_ =.. _).
builtin(atom_length(_, _)).
builtin(atom_chars(_, _)).
builtin(atom_codes(_, _)).
builtin(char_code(_, _)).
builtin(number_codes(_, _)).
builtin(atom_number(_, _)).

put_clauses(Clauses) :-
    put_list(neurosym_reader:put_clause, Clauses).

put_clause(clause(_, Offset, Term, Names, _)) :-
    maplist([Name=Variable]>>(Variable = '$VAR'(Name)), Names),
    ( Term = (Head :- Body) -> true ; Head = Term, Body = true ),
    term_text(Term, Text),
    format('[~d,', [Offset]), put_term(Head), write(','), put_term(Body), write(','), put_string(Text), write(']').
