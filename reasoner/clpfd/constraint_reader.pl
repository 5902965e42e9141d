/*  Reads a program that posts constraints, with SWI-Prolog's own reader, and refuses what may not run.

    Operators are those of library(clpfd); each goal of a body is marked with its place in the text, at(From-To, Goal).
    Every refusal is thrown as refused(Kind, Place, Term).
*/
:- module(neurosym_constraint_reader,
          [ read_rules/3, read_goal/3, put_rules/1, constraint/1, higher/1, helper/1, silent/1 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module('../interpreter/builtins', [builtin/1, printing/1]).
:- use_module('../interpreter/json_writer').
:- use_module('../interpreter/refusals', [fixed/1, check_directive/3]).
:- use_module(globals).
:- use_module(operators).

%!  read_rules(+Text, +Domains, -Rules) with Rule = rule(Head, Body, HeadText); checked.
read_rules(Text, Domains, Rules) :-
    setup_call_cleanup(open_string(Text, Stream), read_all(Stream, Clauses), close(Stream)),
    rules(Clauses, Domains, Rules).

read_all(Stream, Clauses) :-
    read_term(Stream, Term,
              [ variable_names(Names), subterm_positions(Positions), syntax_errors(error), double_quotes(codes),
                back_quotes(codes), dotlists(false), cycles(false), module(neurosym_constraint_syntax) ]),
    (   Term == end_of_file
    ->  Clauses = []
    ;   grammar_rule(Term, Positions, Clause, Place) -> Clauses = [clause(Clause, Place, Names)|Rest],
        read_all(Stream, Rest)
    ;   Clauses = [clause(Term, Positions, Names)|Rest],
        read_all(Stream, Rest)
    ).

%   A grammar rule as a clause, each goal of which bears the place of the whole rule.
grammar_rule((Head --> Body), Positions, Clause, Place) :-
    span(Positions, Place),
    catch(dcg_translate_rule((Head --> Body), Clause), error(_, _), throw(refused(grammar, Place, Head))).

rules([], _, []).
rules([clause(Term, Positions, Names)|Clauses], Domains, Rules) :-
    (   Term = (:- Directive)
    ->  span(Positions, Place),
        check_directive(constraints, Directive, Place),
        Rules = Rest
    ;   Rules = [Rule|Rest],
        rule(Term, Positions, Names, Domains, Rule)
    ),
    rules(Clauses, Domains, Rest).

rule(Term, Positions, Names, Domains, rule(Head, Body, Text)) :-
    span(Positions, Place),
    (   \+ callable(Term) -> throw(refused(head, Place, Term))
    ;   Term = (?- Wrong) -> throw(refused(directive, Place, Wrong))
    ;   Term = (Head :- Goals)
    ->  ( inner(Positions, term_position(_, _, _, _, [_, Position])) -> true ; Position = Place ),
        check_head(Head, Place, Domains),
        body(Goals, Position, Body)
    ;   Head = Term, Body = at(Place, true), check_head(Head, Place, Domains)
    ),
    copy_term(Head-Names, Shown-Named),
    maplist(bind_name, Named),
    term_text(Shown, Text).

bind_name(Name='$VAR'(Name)).

check_head(Head, Place, Domains) :-
    (   \+ callable(Head) -> throw(refused(head, Place, Head))
    ;   functor(Head, Name, 2), memberchk(domain(Name, _), Domains) -> throw(refused(domain_head, Place, Head))
    ;   ( fixed(Head) ; Head = not(_) ; posted_name(Head) ; Head = [_|_] ; Head == [] ) -> throw(refused(builtin_head, Place, Head))
    ;   true
    ).

posted_name(Head) :- functor(Head, Name, _), sub_atom(Name, 0, _, _, #), !.

%!  read_goal(+Text, -Goal, -Names)
read_goal(Text, Body, Names) :-
    catch(term_string(Goal, Text, [ variable_names(Names), syntax_errors(error), cycles(false),
                                    module(neurosym_constraint_syntax) ]),
          error(syntax_error(What), _), throw(refused(query_syntax, -1, What))),
    ( callable(Goal) -> true ; throw(refused(query, -1, Goal)) ),
    body(Goal, -1 - -1, Body).

inner(parentheses_term_position(_, _, Inner), Position) :- !, inner(Inner, Position).
inner(Position, Position).

span(Positions, -1 - -1) :- var(Positions), !.
span(From-To, From-To) :- !.
span(Positions, From-To) :- arg(1, Positions, From), arg(2, Positions, To).

body(Goal, Position0, Body) :-
    inner(Position0, Position),
    span(Position, Place),
    (   var(Goal) -> Body = at(Place, call(Goal))
    ;   \+ callable(Goal) -> throw(refused(not_callable, Place, Goal))
    ;   Goal = not(A) -> body(\+ A, Position, Body)
    ;   control(Goal)
    ->  Goal =.. [Name|Parts],
        ( Position = term_position(_, _, _, _, Positions) -> true ; same_length(Parts, Positions) ),
        bodies(Parts, Positions, Place, Bodies),
        Body =.. [Name|Bodies]
    ;   Body = at(Place, Goal)    % what is not reached need not be known
    ).

bodies([], [], _, []).
bodies([Goal|Goals], [Position|Positions], Place, [Body|Bodies]) :-
    ( var(Position) -> Position = Place ; true ),
    body(Goal, Position, Body),
    bodies(Goals, Positions, Place, Bodies).

control((_, _)).
control((_ ; _)).
control((_ -> _)).
control((_ *-> _)).
control(\+ _).

%!  constraint(+Goal): posted, unless the program defines its own.
constraint(Goal) :- functor(Goal, Name, Arity), posted(Name, Arity), !.
constraint(Goal) :- global(Goal).

posted(#=, 2).
posted(#\=, 2).
posted(#<, 2).
posted(#>, 2).
posted(#=<, 2).
posted(#>=, 2).
posted(#/\, 2).
posted(#\/, 2).
posted(#\, 2).
posted(#\, 1).
posted(#==>, 2).
posted(#<==, 2).
posted(#<==>, 2).
posted(in, 2).
posted(ins, 2).
posted(all_distinct, 1).
posted(all_different, 1).
posted(sum, 3).
posted(scalar_product, 4).
posted(tuples_in, 2).
posted(element, 3).
posted(label, 1).
posted(labeling, 2).
posted(indomain, 1).

%!  higher(+Goal): calls other goals, through the interpreter.
higher(Goal) :- functor(Goal, Name, Arity), calling(Name, Arity), !.

calling(call, Arity) :- between(1, 8, Arity).
calling(findall, 3).
calling(aggregate_all, 3).
calling(forall, 2).
calling(once, 1).
calling(ignore, 1).
calling(maplist, Arity) :- between(2, 7, Arity).
calling(foldl, Arity) :- between(4, 7, Arity).
calling(include, 3).
calling(exclude, 3).
calling(phrase, 2).
calling(phrase, 3).

%!  helper(+Goal): a pure built-in, run as it is; or one that prints, which does nothing: no value is known yet.
helper(Goal) :- silent(Goal), !.
helper(Goal) :- builtin(Goal), !.
helper(Goal) :- functor(Goal, Name, Arity), memberchk(Name/Arity, [
    transpose/2, same_length/2, flatten/2, pairs_keys_values/3, pairs_keys/2, pairs_values/2, keysort/2, nth0/4,
    nth1/4, subset/2, union/3, intersection/3, callable/1, is_set/1, term_variables/2, copy_term/2]).

%!  silent(+Goal): prints, which does nothing here.
silent(Goal) :- printing(Goal), !.
silent(Goal) :- functor(Goal, Name, Arity),
    memberchk(Name/Arity, [format/1, format/2, tab/1, portray_clause/1, flush_output/0]).

%!  put_rules(+Rules): as JSON the head of each rule, in the names of its variables.
put_rules(Rules) :-
    put_list(neurosym_constraint_reader:put_rule, Rules).

put_rule(rule(_, _, Text)) :- put_string(Text).
