/*  Checks what was read before anything of it runs: heads that may be defined, goals that are safe and known.
*/
:- module(neurosym_checker, [check_clauses/4]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(analysis).
:- use_module(builtins).
:- use_module(library_reader).
:- use_module(reader, [position_start/2]).
:- use_module(refusals).

:- op(1000, xfx, ::).

:- thread_local unknown_/3.

%!  check_clauses(+Clauses, +Domains, +Directives, -Unknown) refuses the first clause that is unsafe or badly formed.
%   Unknown = [unknown(Id, Offset, Indicator), ...] are calls of what is nowhere defined: they matter when they are
%   reached, and are refused at once if nothing in the program can be asked without them.
check_clauses(Clauses, Domains, Directives, Unknown) :-
    findall(Name/Arity, (member(clause(_, _, rule(Pairs, _, _), _, _), Clauses), member(_-Head, Pairs),
                         callable(Head), functor(Head, Name, Arity)), Heads0),
    sort(Heads0, Heads1),
    findall(Indicator, ( member(Directive, Directives), declared(Directive, Indicator) ), Declared),
    append([Heads1, Declared, [query/1, evidence/1, evidence/2]], Heads),
    retractall(unknown_(_, _, _)),
    forall(member(Clause, Clauses), check_clause(Clause, Heads, Domains)),
    check_certain(Clauses),
    findall(unknown(Id, Offset, Indicator), retract(unknown_(Id, Offset, Indicator)), Found),
    ( memberchk(unknown(fail), Directives) -> Unknown = [] ; Unknown = Found ),
    (   Unknown = [unknown(_, Offset, Indicator)|_], \+ reads_clauses(Clauses),
        forall(( member(clause(Id, _, rule(_, Body, _), _, _), Clauses), Body \== true ),
               ( memberchk(unknown(Id, _, _), Unknown)
               ; goals_of(Body, _-Called), broken(Called, Clauses, Unknown) ))
    ->  unknown_message(Indicator, Heads, Domains, Message),
        throw(refused(unknown(Message), Offset, Indicator))
    ;   true
    ).

%   What is asked may be the clauses themselves.
reads_clauses(Clauses) :-
    member(clause(_, _, rule([_-query(Goal)], _, _), _, _), Clauses),
    nonvar(Goal), functor(Goal, clause, Arity), memberchk(Arity, [2, 3]), !.

unknown_message(Indicator, Heads, Domains, Message) :-
    findall(Name, member(domain(Name, _), Domains), Names0),
    ( Names0 == [] -> Names = [none] ; Names = Names0 ),
    atomic_list_concat(Names, ', ', Known),
    findall(Name/Arity, ( member(Name/Arity, Heads) ; library_predicate(Name/Arity) ;
                          clause(builtin(Goal), _), callable(Goal), functor(Goal, Name, Arity) ), Predicates),
    suggestion(Indicator, Predicates, Suggestion),
    format(atom(Message), '~w; known domains: ~w', [Suggestion, Known]).

broken(Called, Clauses, Unknown) :-
    member(unknown(Id, _, _), Unknown),
    memberchk(clause(Id, _, rule(Pairs, _, _), _, _), Clauses), member(_-Head, Pairs), functor(Head, Name, Arity),
    ( Called == Name/Arity ; reaches(Called, Name/Arity) ), !.

check_clause(clause(Id, Offset, rule(Pairs, Body, _), _, Positions), Heads, Domains) :-
    forall(member(_-Head, Pairs), check_head(Head, Offset, Domains)),
    body_position(Body, Positions, Position),
    Pairs = [_-First|_],
    functor(First, Name, Arity),
    check_body(Body, Position, context(Id, Name/Arity, Heads, Domains, cut)).

body_position(true, _, _) :- !.
body_position(_, Positions, Position) :-
    ( plain(Positions, term_position(_, _, _, _, [_, Position])) -> true ; true ).

check_head(Head, Offset, Domains) :-
    (   \+ callable(Head)
    ->  throw(refused(head, Offset, Head))
    ;   functor(Head, Name, 2), memberchk(domain(Name, _), Domains)
    ->  throw(refused(domain_head, Offset, Head))
    ;   ( goal_arguments(Head, _) ; fixed(Head) ; functor(Head, call, _) ; is_list(Head) )
    ->  throw(refused(builtin_head, Offset, Head))
    ;   true
    ).

%   Queries and evidence say what is asked; they have no probability themselves.
check_certain(Clauses) :-
    forall(( member(clause(_, Offset, rule(Pairs, _, Choice), _, _), Clauses), Choice \== none, member(_-Head, Pairs),
             callable(Head), functor(Head, Name, Arity), memberchk(Name/Arity, [query/1, evidence/1, evidence/2]) ),
           throw(refused(uncertain_directive, Offset, Name/Arity))).

plain(Positions, _) :- var(Positions), !, fail.
plain(parentheses_term_position(_, _, Inner), Position) :- !, plain(Inner, Position).
plain(Position, Position).

check_body(Goal, Position0, Context) :-
    ( plain(Position0, Position) -> true ; true ),
    position_start(Position, Offset),
    Context = context(Id, Head, Heads, Domains, Cut),
    (   var(Goal)
    ->  true
    ;   \+ callable(Goal)
    ->  throw(refused(not_callable, Offset, Goal))
    ;   Goal == !
    ->  ( Cut == cut, \+ uncertain(Head) -> true ; throw(refused(cut, Offset, Goal)) )
    ;   goal_arguments(Goal, Indices)
    ->  check_arguments(Indices, Goal, Position, Offset, Context)
    ;   functor(Goal, Name, Arity),
        known(Goal, Name/Arity, Heads, Domains)
    ->  true
    ;   functor(Goal, Name, Arity),
        ( system_predicate(Goal) -> throw(refused(unsafe, Offset, Name/Arity)) ; true ),
        assertz(unknown_(Id, Offset, Name/Arity))
    ).

check_arguments(Indices, Goal, Position, Offset, context(Id, Head, Heads, Domains, Cut)) :-
    (   Goal = (Condition -> _), goals_of(Condition, _-Called), uncertain(Called)
    ->  throw(refused(condition, Offset, Condition))
    ;   true
    ),
    ( nonvar(Position), Position = term_position(_, _, _, _, Positions) -> true ; Positions = [] ),
    forall(member(Index, Indices),
           ( arg(Index, Goal, Argument),
             ( nth1(Index, Positions, ArgumentPosition) -> true ; true ),
             ( transparent(Goal, Index) -> Inner = Cut ; Inner = none ),
             check_body(Argument, ArgumentPosition, context(Id, Head, Heads, Domains, Inner)) )).

transparent((_, _), _).
transparent((_ ; _), _).
transparent((_ -> _), 2).

known(_, Indicator, Heads, _) :- memberchk(Indicator, Heads), !.
known(_, Name/2, _, Domains) :- memberchk(domain(Name, _), Domains), !.
known(Goal, _, _, _) :- builtin(Goal), !.
known(_, Indicator, _, _) :- library_predicate(Indicator).
known(_, call/Arity, _, _) :- Arity > 0.
