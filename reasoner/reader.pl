/*  Reads a program with SWI-Prolog's own reader and refuses what the interpreter will not run.

    Every refusal is thrown as refused(Kind, Offset, Term), Offset a character position in the text.
    A clause is clause(Id, Offset, rule(Heads, Body, Choice), Names, Positions) with Heads = [Probability-Head, ...]
    and Choice one of none, chance and net(Network, Inputs, Output, Values).
*/
:- module(neurosym_reader,
          [read_clauses/3, read_query/3, check_clauses/2, check_query/2, put_clauses/2, builtin/1, read_task/2,
            goal_arguments/2]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(yall)).
:- use_module(analysis).
:- use_module(json_writer).

:- op(1000, xfx, ::).
:- op(1200, xfx, <-).
:- op(1000, xfx, neurosym_syntax:(::)).
:- op(1200, xfx, neurosym_syntax:(<-)).
:- op(900, fy, neurosym_syntax:(not)).

max_depth(200).    % of a term as it is written; Python's and C's stacks are finite

read_task(Text, Task) :-
    term_string(Task, Text, [module(neurosym_syntax), double_quotes(string)]).

%!  read_clauses(+Text, -Clauses, -Libraries): directives load nothing, but queries and evidence are facts.
read_clauses(Text, Clauses, Libraries) :-
    setup_call_cleanup(open_string(Text, Stream), read_all(Stream, 0, Clauses, Libraries), close(Stream)).

read_all(Stream, Id, Clauses, Libraries) :-
    read_term(Stream, Term0,
              [ variable_names(Names), subterm_positions(Positions0), syntax_errors(error),
                double_quotes(string), back_quotes(codes), dotlists(false), cycles(false),
                module(neurosym_syntax) ]),
    (   Term0 == end_of_file
    ->  Clauses = [], Libraries = []
    ;   position_start(Positions0, Offset),
        max_depth(Depth),
        ( shallow(Term0, Depth) -> true ; throw(refused(depth, Offset, Depth)) ),
        ( callable(Term0) -> true ; throw(refused(head, Offset, Term0)) ),
        fact_of_directive(Term0, Positions0, Term, Positions),
        (   Term = (:- Directive)
        ->  ( harmless(Directive) -> true ; throw(refused(directive, Offset, Directive)) ),
            ( Directive = use_module(_) -> Libraries = [Directive|More] ; Libraries = More ),
            read_all(Stream, Id, Clauses, More)
        ;   rule(Term, Offset, Rule),
            Clauses = [clause(Id, Offset, Rule, Names, Positions)|Rest],
            Next is Id + 1,
            read_all(Stream, Next, Rest, Libraries)
        )
    ).

fact_of_directive((:- Fact), Positions, Fact, Inner) :-
    nonvar(Fact), ( Fact = query(_) ; Fact = evidence(_) ; Fact = evidence(_, _) ), !,
    ( Positions = term_position(_, _, _, _, [Inner]) -> true ; true ).
fact_of_directive(Term, Positions, Term, Positions).

%   What is in these libraries is built in.
harmless(use_module(library(Name))) :- memberchk(Name, [lists, apply, aggregate, between, builtin]).
harmless(use_module(library(Name), _)) :- memberchk(Name, [lists, apply, between, builtin]).
harmless(discontiguous(_)).
harmless(table(_)).

%   Lists and conjunctions may be long, but not deep.
shallow(Term, _) :- \+ compound(Term), !.
shallow([First|Rest], Depth) :- !, Depth > 0, Below is Depth - 1, shallow(First, Below), shallow(Rest, Depth).
shallow(Term, Depth) :-
    Depth > 0, Below is Depth - 1,
    compound_name_arguments(Term, _, Arguments),
    all_shallow(Arguments, Below).

all_shallow([], _).
all_shallow([Argument|Arguments], Depth) :- shallow(Argument, Depth), all_shallow(Arguments, Depth).

rule((?- Directive), Offset, _) :- !, throw(refused(directive, Offset, Directive)).
rule((Head --> _), Offset, _) :- !, throw(refused(grammar, Offset, Head)).
rule((Head :- Body), Offset, Rule) :- !, rule(Head, Body, Offset, Rule).
rule((Head <- Body), Offset, Rule) :- !, rule(Head, Body, Offset, Rule).
rule(Head, Offset, Rule) :- rule(Head, true, Offset, Rule).

rule(Head, _, Offset, _) :- \+ callable(Head), !, throw(refused(head, Offset, Head)).
rule(Network :: Head, Body, Offset, rule([1-Head], Body, Choice)) :-
    nonvar(Network), compound(Network), functor(Network, nn, Arity), !,
    ( network(Arity, Network, Offset, Choice) -> true ; throw(refused(network, Offset, Network)) ).
rule(Heads, Body, Offset, rule(Pairs, Body, chance)) :- ( Heads = (_ :: _) ; Heads = (_ ; _) ), !,
    pairs(Heads, Offset, Pairs).
rule(Head, Body, _, rule([1-Head], Body, none)).

pairs((A ; B), Offset, Pairs) :- !, pairs(A, Offset, As), pairs(B, Offset, Bs), append(As, Bs, Pairs).
pairs(P0 :: Head, Offset, [P-Head]) :- !,
    (   nonvar(P0), P0 = t(P1)
    ->  ( number_text(P1) -> P = P1 ; throw(refused(learnable, Offset, P0)) )
    ;   P = P0 ).
pairs(Head, Offset, _) :- throw(refused(disjunction, Offset, Head)).

number_text(P) :- ground(P), catch(_ is P, _, fail).

%   nn(net, [In], Out, [v1, ...]) chooses a value; nn(net, [In]) is true or false; nn(net, [In], Out) is a function,
%   whose value stays the term net(In).
network(4, nn(Name, Inputs0, Output, Values), Offset, net(Name, Inputs, Output, Values)) :-
    atom(Name), inputs(Inputs0, Inputs),
    ( is_list(Values), ground(Values), Values = [_, _|_], sort(Values, Sorted), same_length(Values, Sorted)
    -> true ; throw(refused(network_values, Offset, Values)) ).
network(2, nn(Name, Inputs0), _, net(Name, Inputs, true, [true, false])) :- atom(Name), inputs(Inputs0, Inputs).
network(3, nn(Name, Inputs0, Output), _, function(Name, Inputs, Output)) :- atom(Name), inputs(Inputs0, Inputs).

inputs(Inputs, Inputs) :- is_list(Inputs), !.
inputs(Input, [Input]).

read_query(Text, Query, Names) :-
    term_string(Query, Text, [ variable_names(Names), syntax_errors(error), module(neurosym_syntax), cycles(false),
                               double_quotes(string) ]),
    max_depth(Depth),
    ( shallow(Query, Depth) -> true ; throw(refused(depth, -1, Depth)) ).

position_start(Positions, 0) :- var(Positions), !.
position_start(parentheses_term_position(From, _, _), From) :- !.
position_start(From-_, From) :- !.
position_start(Positions, From) :- arg(1, Positions, From).

%!  check_clauses(+Clauses, +Domains) refuses the first clause that is unknown, unsafe or badly formed.
check_clauses(Clauses, Domains) :-
    findall(Name/Arity, (member(clause(_, _, rule(Pairs, _, _), _, _), Clauses), member(_-Head, Pairs),
                         callable(Head), functor(Head, Name, Arity)), Heads0),
    sort(Heads0, Heads1),
    append(Heads1, [query/1, evidence/1, evidence/2], Heads),
    forall(member(Clause, Clauses), check_clause(Clause, Heads, Domains)),
    check_certain(Clauses).

check_clause(clause(_, Offset, rule(Pairs, Body, _), _, Positions), Heads, Domains) :-
    forall(member(_-Head, Pairs), check_head(Head, Offset, Domains)),
    body_position(Body, Positions, Position),
    Pairs = [_-First|_],
    functor(First, Name, Arity),
    check_body(Body, Position, context(Name/Arity, Heads, Domains, cut)).

body_position(true, _, _) :- !.
body_position(_, Positions, Position) :-
    ( plain(Positions, term_position(_, _, _, _, [_, Position])) -> true ; true ).

check_head(Head, Offset, Domains) :-
    (   \+ callable(Head)
    ->  throw(refused(head, Offset, Head))
    ;   functor(Head, Name, 2), memberchk(domain(Name, _), Domains)
    ->  throw(refused(domain_head, Offset, Head))
    ;   ( goal_arguments(Head, _) ; fixed(Head) ; is_list(Head) )
    ->  throw(refused(builtin_head, Offset, Head))
    ;   true
    ).

%   Queries and evidence say what is asked; they cannot be uncertain themselves.
check_certain(Clauses) :-
    forall(( member(clause(_, Offset, rule(Pairs, _, _), _, _), Clauses), member(_-Head, Pairs),
             functor(Head, Name, Arity), memberchk(Name/Arity, [query/1, evidence/1, evidence/2]),
             uncertain(Name/Arity) ),
           throw(refused(uncertain_directive, Offset, Name/Arity))).

plain(Positions, _) :- var(Positions), !, fail.
plain(parentheses_term_position(_, _, Inner), Position) :- !, plain(Inner, Position).
plain(Position, Position).

check_body(Goal, Position0, Context) :-
    ( plain(Position0, Position) -> true ; true ),
    position_start(Position, Offset),
    Context = context(Head, Heads, Domains, Cut),
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
        ( system_predicate(Goal) -> Kind = unsafe ; Kind = unknown ),
        throw(refused(Kind, Offset, Name/Arity))
    ).

check_arguments(Indices, Goal, Position, Offset, context(Head, Heads, Domains, Cut)) :-
    (   Goal = (Condition -> _), goals_of(Condition, _-Called), uncertain(Called)
    ->  throw(refused(condition, Offset, Condition))
    ;   true
    ),
    ( nonvar(Position), Position = term_position(_, _, _, _, Positions) -> true ; Positions = [] ),
    forall(member(Index, Indices),
           ( arg(Index, Goal, Argument),
             ( nth1(Index, Positions, ArgumentPosition) -> true ; true ),
             ( transparent(Goal, Index) -> Inner = Cut ; Inner = none ),
             check_body(Argument, ArgumentPosition, context(Head, Heads, Domains, Inner)) )).

transparent((_, _), _).
transparent((_ ; _), _).
transparent((_ -> _), 2).

known(_, Indicator, Heads, _) :- memberchk(Indicator, Heads), !.
known(_, Name/2, _, Domains) :- memberchk(domain(Name, _), Domains), !.
known(Goal, _, _, _) :- builtin(Goal), !.
known(_, Name/Arity, _, _) :- applied(Name, Arity, _).

system_predicate(Goal) :- catch(predicate_property(system:Goal, defined), _, fail), !.
system_predicate(Goal) :-
    functor(Goal, Name, Arity),
    catch('$in_library'(Name, Arity, _), _, fail), !.

check_query(Query, Domains) :-
    (   \+ callable(Query)
    ->  throw(refused(query, -1, Query))
    ;   functor(Query, Name, 2), memberchk(domain(Name, _), Domains)
    ->  throw(refused(query_domain, -1, Query))
    ;   neurosym_translator:defined(Query)
    ->  true
    ;   functor(Query, Name, Arity),
        throw(refused(query_unknown, -1, Name/Arity))
    ).

%!  goal_arguments(+Goal, -Indices): the arguments that are goals, of control and of what collects.
goal_arguments((_, _), [1, 2]).
goal_arguments((_ ; _), [1, 2]).
goal_arguments((_ -> _), [1, 2]).
goal_arguments(\+ _, [1]).
goal_arguments(not(_), [1]).
goal_arguments(once(_), [1]).
goal_arguments(forall(_, _), [1, 2]).
goal_arguments(findall(_, _, _), [2]).
goal_arguments(all(_, _, _), [2]).
goal_arguments(call(_), [1]).

%   May not be redefined by a program.
fixed(Goal) :- functor(Goal, Name, Arity), memberchk(Name/Arity, [true/0, fail/0, false/0, (!)/0, (=)/2, (\=)/2,
    (==)/2, (\==)/2, (is)/2, (<)/2, (>)/2, (=<)/2, (>=)/2, (=:=)/2, (=\=)/2, (::)/2]).
fixed(Goal) :- functor(Goal, Name, Arity), applied(Name, Arity, _), Name == call.

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
builtin(flatten(_, _)).
builtin(union(_, _, _)).
builtin(intersection(_, _, _)).
builtin(subset(_, _)).
builtin(same_length(_, _)).
builtin(callable(_)).
builtin(string(_)).
builtin(rational(_)).
builtin(nth0(_, _, _, _)).
builtin(nth1(_, _, _, _)).
builtin(subsumes_term(_, _)).

put_clauses(Clauses, Libraries) :-
    write('{"clauses":'), put_list(neurosym_reader:put_clause, Clauses),
    write(',"libraries":'), length(Libraries, Count), write(Count), write('}').

put_clause(clause(_, Offset, rule(Pairs, Body, Choice), Names, _)) :-
    maplist([Name=Variable]>>(Variable = '$VAR'(Name)), Names),
    Pairs = [_-Head|_],
    shown(Choice, Pairs, Shown),
    ( Body == true -> Term = Shown ; Term = (Shown :- Body) ),
    clause_text(Term, Text),
    format('[~d,', [Offset]), put_term(Head), write(','), put_term(Body), write(','), put_string(Text), write(','),
    put_choice(Choice, Pairs), write(']').

shown(none, [_-Head], Head).
shown(chance, Pairs, Shown) :- disjunction(Pairs, Shown).
shown(net(Name, Inputs, Output, Values), [_-Head], nn(Name, Inputs, Output, Values) :: Head).
shown(function(Name, Inputs, Output), [_-Head], nn(Name, Inputs, Output) :: Head).

disjunction([P-Head], P :: Head) :- !.
disjunction([P-Head|Pairs], (P :: Head ; Rest)) :- disjunction(Pairs, Rest).

put_choice(none, _) :- write(null).
put_choice(chance, Pairs) :-
    write('{"chance":'), put_list([P-Head]>>(write('['), put_term(P), write(','), put_term(Head), write(']')), Pairs),
    write('}').
put_choice(net(Name, _, _, Values), _) :-
    write('{"network":'), put_string(Name), write(',"values":'), put_list(neurosym_json:put_term, Values), write('}').
put_choice(function(_, _, _), _) :- write(null).

clause_text(Term, Text) :-
    format(string(Text), '~W', [Term, [quoted(true), numbervars(true), portray(false), module(neurosym_syntax)]]).
