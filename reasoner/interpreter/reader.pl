/*  Reads a program with SWI-Prolog's own reader and refuses what the interpreter will not run.

    Negated heads become atoms that a rule of their own weighs against what they deny.
    Every refusal is thrown as refused(Kind, Offset, Term), Offset a character position in the text.
    A clause is clause(Id, Offset, rule(Heads, Body, Choice), Names, Positions) with Heads = [Probability-Head, ...]
    and Choice one of none, chance, density (the probability is a distribution) and net(Network, Inputs, Output, Values).
*/
:- module(neurosym_reader,
          [ read_program/4, read_clauses/3, put_files/1, put_offsets/1, read_query/3, put_clauses/4, read_task/2, position_start/2 ]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(analysis).
:- use_module(builtins).
:- use_module(clause_store).
:- use_module(json_writer).
:- use_module(densities, [distribution/1, values_read/2]).
:- use_module(refusals).

:- op(1000, xfx, ::).
:- op(1000, fy, ?::).
:- op(1000, xfx, ::\+).
:- op(1200, xfx, <-).
:- op(1000, xfx, neurosym_syntax:(::)).
:- op(1000, fy, neurosym_syntax:(?::)).    % a decision, as ProbLog's two words '?' and '::'
:- op(700, yfx, neurosym_syntax:(=>)).    % of library(collect)
:- op(700, xfx, neurosym_syntax:(~)).
:- op(1000, xfx, neurosym_syntax:(::\+)).    % one word to SWI-Prolog, two to ProbLog
:- op(1200, xfx, neurosym_syntax:(<-)).
:- op(900, fy, neurosym_syntax:(not)).
:- op(500, yfx, neurosym_syntax:(#)).
:- op(500, yfx, neurosym_syntax:(><)).
:- op(200, yf, neurosym_syntax:(>)).    % of an aggregate, as avg<Salary>

max_depth(1000).    % of a term as it is written, as of brackets in a text

%!  read_task(+Text, -Task): what engine.pl shall do.
read_task(Text, Task) :-
    term_string(Task, Text, [module(neurosym_syntax), double_quotes(string)]).

%!  read_clauses(+Text, -Clauses, -Directives): directives load nothing, but queries and evidence are facts.
read_clauses(Text, Clauses, Directives) :-
    setup_call_cleanup(open_string(Text, Stream), read_all(Stream, 0, Clauses0, Directives), close(Stream)),
    preventions(Clauses0, Clauses1),
    values_read(Clauses1, Clauses).

%!  read_program(+Text, -Clauses, -Directives, -Count): the same; of a long text plain facts are stored as they are read, and
%   only the first one of each predicate is among the clauses. Count is the number of all.
read_program(Text, Clauses, Directives, Count) :-
    string_length(Text, Length), long(Least), Length > Least,
    setup_call_cleanup(open_string(Text, Stream), read_long(Stream, 0, Count, Clauses, Directives), close(Stream)),
    \+ mixed(Clauses, Directives), !.
read_program(Text, Clauses, Directives, Count) :-
    forget_clauses,
    read_clauses(Text, Clauses, Directives),
    length(Clauses, Count).

long(200_000).    % characters

%   Facts whose predicate has other clauses too keep their place among them.
mixed(_, Directives) :- memberchk(use_module(library(scope)), Directives), !.
mixed(Clauses, _) :-
    member(clause(Id, _, rule(Pairs, _, _), _, _), Clauses), member(_-Head, Pairs), nonvar(Head),
    ( Head = (\+ _) ; Head = _:_ ; functor(Head, Name, Arity), bulk_(Name, Arity, _, _), \+ bulk_(Name, Arity, Id, _) ), !.

read_long(Stream, Id, Count, Clauses, Directives) :-
    read_term(Stream, Term, [ term_position(Position), syntax_errors(error), double_quotes(string), back_quotes(codes),
                              dotlists(false), cycles(false), module(neurosym_syntax) ]),
    (   is_plain_fact(Term, Probability, Head)
    ->  Next is Id + 1,
        (   store_fact(Probability, Head, Id) -> Clauses = Rest
        ;   stream_position_data(char_count, Position, Offset),
            ( Probability == none -> Rule = rule([1-Head], true, none) ; Rule = rule([Probability-Head], true, chance) ),
            Clauses = [clause(Id, Offset, Rule, [], _)|Rest] ),
        read_long(Stream, Next, Count, Rest, Directives)
    ;   set_stream_position(Stream, Position),
        read_one(Stream, Id, Read),
        (   Read == end -> Clauses = [], Directives = [], Count = Id
        ;   Read = directive(Directive) -> Directives = [Directive|More], read_long(Stream, Id, Count, Clauses, More)
        ;   Clauses = [Read|Rest], Next is Id + 1, read_long(Stream, Next, Count, Rest, Directives) ) ).

read_all(Stream, Id, Clauses, Directives) :-
    read_one(Stream, Id, Read),
    (   Read == end -> Clauses = [], Directives = []
    ;   Read = directive(Directive) -> Directives = [Directive|More], read_all(Stream, Id, Clauses, More)
    ;   Clauses = [Read|Rest], Next is Id + 1, read_all(Stream, Next, Rest, Directives) ).

%   The next clause, directive(Directive) or end.
read_one(Stream, Id, Read) :-
    read_term(Stream, Term0,
              [ variable_names(Names), subterm_positions(Positions0), syntax_errors(error),
                double_quotes(string), back_quotes(codes), dotlists(false), cycles(false),
                module(neurosym_syntax) ]),
    (   Term0 == end_of_file
    ->  Read = end
    ;   position_start(Positions0, Offset),
        max_depth(Depth),
        ( shallow(Term0, Depth) -> true ; throw(refused(depth, Offset, Depth)) ),
        ( callable(Term0) -> true ; throw(refused(head, Offset, Term0)) ),
        fact_of_directive(Term0, Positions0, Term1, Positions1),
        plain_negations(Term1, Positions1, Term, Positions),
        (   Term = (:- Directive)
        ->  check_directive(rules, Directive, Offset),
            Read = directive(Directive)
        ;   rule(Term, Offset, Rule),
            Read = clause(Id, Offset, Rule, Names, Positions)
        )
    ).

fact_of_directive((:- Fact), Positions, Fact, Inner) :-
    nonvar(Fact), ( Fact = query(_) ; Fact = evidence(_) ; Fact = evidence(_, _) ), !,
    ( Positions = term_position(_, _, _, _, [Inner]) -> true ; true ).
fact_of_directive(Term, Positions, Term, Positions).

%   ProbLog reads \+(a, b) as the negation of a conjunction.
plain_negations(Term, Positions, Term, Positions) :- ( var(Term) ; var(Positions) ), !.
plain_negations(Term0, parentheses_term_position(F, T, P0), Term, parentheses_term_position(F, T, P)) :- !,
    plain_negations(Term0, P0, Term, P).
plain_negations(Term0, term_position(F, T, F1, T1, Ps0), Term, term_position(F, T, F1, T1, [P])) :-
    compound(Term0), functor(Term0, Name, Arity), memberchk(Name, [\+, not]), Arity > 1, !,
    Term0 =.. [_|Goals], Term =.. [Name, Goal],
    conjoined(Goals, Ps0, Goal0, P0), plain_negations(Goal0, P0, Goal, P).
plain_negations(Term0, term_position(F, T, F1, T1, Ps0), Term, term_position(F, T, F1, T1, Ps)) :-
    compound(Term0), compound_name_arguments(Term0, Name, Arguments0),
    ( goal_arguments(Term0, _) ; Name = (:-) ; Name = (<-) ), !,
    maplist(plain_negations, Arguments0, Ps0, Arguments, Ps),
    compound_name_arguments(Term, Name, Arguments).
plain_negations(Term, Positions, Term, Positions).

conjoined([Goal], [Position], Goal, Position) :- !.
conjoined([Goal|Goals], [Position|Positions], (Goal, Rest), term_position(From, From, From, From, [Position, Last])) :-
    position_start(Position, From),
    conjoined(Goals, Positions, Rest, Last).

%   Lists, conjunctions and disjunctions may be long, but not deep.
shallow(Term, _) :- \+ compound(Term), !.
shallow(Term, Depth) :- chained(Term, First, Rest), !,
    Depth > 0, Below is Depth - 1, shallow(First, Below), shallow(Rest, Depth).
shallow(Term, Depth) :-
    Depth > 0, Below is Depth - 1,
    compound_name_arguments(Term, _, Arguments),
    all_shallow(Arguments, Below).

chained([First|Rest], First, Rest).
chained((First, Rest), First, Rest).
chained((First ; Rest), First, Rest).

all_shallow([], _).
all_shallow([Argument|Arguments], Depth) :- shallow(Argument, Depth), all_shallow(Arguments, Depth).

rule((?- Directive), Offset, _) :- !, throw(refused(directive, Offset, Directive)).
rule((Head --> _), Offset, _) :- !, throw(refused(grammar, Offset, Head)).
rule((Head :- Body), Offset, Rule) :- !, rule(Head, Body, Offset, Rule).
rule((Head <- Body), Offset, Rule) :- !, rule(Head, Body, Offset, Rule).
rule(Head, Offset, Rule) :- rule(Head, true, Offset, Rule).

rule(Head0, Body0, Offset, Rule) :- aggregated(Head0, Body0, Head, Body), !, rule(Head, Body, Offset, Rule).
rule(Scope:Head0, Body0, Offset, Rule) :- aggregated(Head0, Body0, Head, Body), !, rule(Scope:Head, Body, Offset, Rule).
rule(Head, _, Offset, _) :- nonvar(Head), functor(Head, ~, 2), !, throw(refused(distributed, Offset, Head)).
rule(Head, _, Offset, _) :- \+ callable(Head), !, throw(refused(head, Offset, Head)).
rule(Network :: Head, Body, Offset, rule([1-Head], Body, Choice)) :-
    nonvar(Network), compound(Network), functor(Network, nn, Arity), !,
    ( network(Arity, Network, Offset, Choice) -> true ; throw(refused(network, Offset, Network)) ).
rule(P :: Head, Body, _, rule([P-Head], Body, density)) :- distribution(P), callable(Head), !.
rule(Heads, Body, Offset, rule(Pairs, Body, chance)) :- probable(Heads), !,
    pairs(Heads, Offset, Pairs),
    ( member(D-_, Pairs), D == (?), member(P-_, Pairs), P \== (?) -> throw(refused(decision, Offset, P)) ; true ).
rule(Head, Body, _, rule([1-Head], Body, none)).

probable(_ :: _).
probable(_ ::\+ _).
probable(?:: _).
probable(_ ; _).

%   total(Group, sum<Value>) :- body collects the values of the body by group.
aggregated(Head0, Body, Head, aggregate(Function, Value, Group, Body, (Group, Result))) :-
    compound(Head0), compound_name_arity(Head0, Functor, Arity), Arity > 0, Functor \== (:),
    arg(Arity, Head0, Last), nonvar(Last), Last = (Function < Marked),
    Head0 =.. [Name|Arguments0], append(Group, [Last], Arguments0),
    compound(Marked), compound_name_arguments(Marked, >, [Value]),
    append(Group, [Result], Arguments), Head =.. [Name|Arguments].

pairs((A ; B), Offset, Pairs) :- !, pairs(A, Offset, As), pairs(B, Offset, Bs), append(As, Bs, Pairs).
pairs(P ::\+ Head, Offset, Pairs) :- !, pairs(P :: \+ Head, Offset, Pairs).
pairs(?:: Head, Offset, Pairs) :- !, pairs((?) :: Head, Offset, Pairs).
pairs(P0 :: Head, Offset, [P-Head]) :- !,
    ( nonvar(P0), functor(P0, t, _), \+ starts(P0) -> throw(refused(learnable, Offset, P0)) ; P = P0 ).
pairs(Head, Offset, _) :- throw(refused(disjunction, Offset, Head)).

%   t(0.4) :: a is a probability that is learned, from 0.4 on; t(_) :: a from wherever; t(_, X) :: a(X) one for each X.
starts(Learned) :- compound(Learned), arg(1, Learned, Start), ( var(Start) -> true ; share(Start, P), P >= 0, P =< 1 ).

share(P, P) :- number(P), !.
share(A / B, P) :- number(A), number(B), B =\= 0, P is A / B.

%   A negated head prevents the atom: it holds if a clause causes it and none prevents it (Meert and Vennekens, "Inhibited
%   effects in CP-logic", 2014). Causes and preventions become atoms of their own, and a rule is added that joins them.
preventions(Clauses0, Clauses) :-
    findall(Name/Arity-Offset,
            ( member(clause(_, Offset, rule(Pairs, _, _), _, _), Clauses0), member(_-Head, Pairs),
              nonvar(Head), Head = (\+ Atom), preventable(Atom, Offset, Name/Arity) ), Found0),
    (   Found0 == [] -> Clauses = Clauses0
    ;   sort(1, @<, Found0, Found),
        maplist(rename_heads(Found), Clauses0, Renamed),
        length(Clauses0, First),
        findall(clause(Id, Offset, Rule, [], _),
                ( nth0(Place, Found, Indicator-Offset), Id is First + Place,
                  joined(Indicator, Offset, Renamed, Rule) ), Joined),
        append(Renamed, Joined, Clauses) ).

preventable(Atom, Offset, Name/Arity) :-
    (   callable(Atom), functor(Atom, Name, Arity),
        \+ memberchk(Name/Arity, [query/1, evidence/1, evidence/2, (\+)/1])
    ->  true
    ;   throw(refused(head, Offset, \+ Atom)) ).

rename_heads(Prevented, clause(Id, Offset, rule(Pairs0, Body, Choice), Names, Positions),
             clause(Id, Offset, rule(Pairs, Body, Choice), Names, Positions)) :-
    maplist(rename_head(Prevented), Pairs0, Pairs).

rename_head(_, P-Head, P-Head) :- \+ callable(Head), !.
rename_head(_, P-(\+ Atom), P-Head) :- !, renamed(Atom, prevented, Head).
rename_head(Prevented, P-Atom, P-Head) :- functor(Atom, Name, Arity), memberchk(Name/Arity-_, Prevented), !,
    renamed(Atom, caused, Head).
rename_head(_, Pair, Pair).

renamed(Atom, Word, Head) :-
    Atom =.. [Name0|Arguments], atomic_list_concat([Name0, Word], ' ', Name), Head =.. [Name|Arguments].

joined(Name/Arity, Offset, Clauses, rule([1-Atom], (Caused, \+ Prevented), none)) :-
    functor(Atom, Name, Arity),
    renamed(Atom, caused, Caused), renamed(Atom, prevented, Prevented),
    functor(Caused, Cause, Arity),
    (   member(clause(_, _, rule(Pairs, _, _), _, _), Clauses), member(_-Head, Pairs), callable(Head),
        functor(Head, Cause, Arity) -> true
    ;   throw(refused(prevented, Offset, Atom)) ).

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

%!  put_offsets(+Text): where each clause begins, as JSON.
put_offsets(Text) :-
    write('['),
    setup_call_cleanup(open_string(Text, Stream), put_each_offset(Stream, ''), close(Stream)),
    write(']').

put_each_offset(Stream, Comma) :-
    read_term(Stream, Term, [ term_position(Position), syntax_errors(error), double_quotes(string), back_quotes(codes),
                              dotlists(false), cycles(false), module(neurosym_syntax) ]),
    (   Term == end_of_file -> true
    ;   nonvar(Term), Term = (:- Directive), \+ ( nonvar(Directive), functor(Directive, Name, _), memberchk(Name, [query, evidence]) )
    ->  put_each_offset(Stream, Comma)
    ;   stream_position_data(char_count, Position, Offset),
        write(Comma), write(Offset),
        put_each_offset(Stream, ',') ).

%!  put_files(+Text): the directives that bring in files, as JSON: where each begins and ends, and what it says.
put_files(Text) :-
    setup_call_cleanup(open_string(Text, Stream), directives_of_files(Stream, Found), close(Stream)),
    put_list(neurosym_reader:put_file, Found).

directives_of_files(Stream, Found) :-
    read_term(Stream, Term, [ subterm_positions(Positions), syntax_errors(error), double_quotes(string), cycles(false),
                              back_quotes(codes), dotlists(false), module(neurosym_syntax) ]),
    (   Term == end_of_file -> Found = []
    ;   nonvar(Term), Term = (:- Directive), nonvar(Directive), of_file(Directive), ground(Directive)
    ->  position_start(Positions, Start), character_count(Stream, End),
        Found = [file(Start, End, Directive)|More], directives_of_files(Stream, More)
    ;   directives_of_files(Stream, Found) ).

put_file(file(Start, End, Directive)) :-
    Directive =.. [Name|Arguments],
    format('[~d,~d,', [Start, End]), put_string(Name),
    forall(member(Argument, Arguments), ( write(','), plain_text(Argument, Text), put_string(Text) )),
    write(']').

plain_text(Argument, Text) :- ( atomic(Argument) -> format(string(Text), '~w', [Argument]) ; Text = "" ).

%!  read_query(+Text, -Query, -Names): a goal and what its variables are called.
read_query(Text, Query, Names) :-
    term_string(Query, Text, [ variable_names(Names), syntax_errors(error), module(neurosym_syntax), cycles(false),
                               double_quotes(string) ]),
    max_depth(Depth),
    ( shallow(Query, Depth) -> true ; throw(refused(depth, -1, Depth)) ).

%!  position_start(+Positions, -Offset) of a term in its text.
position_start(Positions, 0) :- var(Positions), !.
position_start(parentheses_term_position(From, _, _), From) :- !.
position_start(From-_, From) :- !.
position_start(Positions, From) :- arg(1, Positions, From).

%!  put_clauses(+Clauses, +Count, +Directives, +Unknown): what was read, as JSON; if not all clauses are there, their numbers.
put_clauses(Clauses, Count, Directives, Unknown) :-
    format('{"count":~d,"numbers":', [Count]),
    (   length(Clauses, Count) -> write(null)
    ;   findall(Id, member(clause(Id, _, _, _, _), Clauses), Numbers), write(Numbers) ),
    write(',"clauses":'), put_list(neurosym_reader:put_clause, Clauses),
    write(',"directives":'), length(Directives, Told), write(Told),
    write(',"unknown":'),
    put_list(neurosym_reader:put_unknown, Unknown),
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
shown(density, Pairs, Shown) :- disjunction(Pairs, Shown).
shown(net(Name, Inputs, Output, Values), [_-Head], nn(Name, Inputs, Output, Values) :: Head).
shown(function(Name, Inputs, Output), [_-Head], nn(Name, Inputs, Output) :: Head).

disjunction([P-Head], P :: Head) :- !.
disjunction([P-Head|Pairs], (P :: Head ; Rest)) :- disjunction(Pairs, Rest).

put_choice(none, _) :- write(null).
put_choice(density, _) :- write(null).
put_choice(chance, Pairs) :-
    write('{"chance":'), put_list(neurosym_reader:put_pair, Pairs), write('}').
put_choice(net(Name, _, _, Values), _) :-
    write('{"network":'), put_string(Name), write(',"values":'), put_list(neurosym_json:put_term, Values), write('}').
put_choice(function(Name, _, _), _) :- write('{"function":'), put_string(Name), write('}').

put_pair(P-Head) :- write('['), put_term(P), write(','), put_term(Head), write(']').

clause_text(Term, Text) :-
    format(string(Text), '~W', [Term, [quoted(true), numbervars(true), portray(false), module(neurosym_syntax)]]).
