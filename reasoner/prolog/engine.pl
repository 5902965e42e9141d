/*  The one door into Prolog: a request comes in as a term, the reply goes out as one line of JSON in ASCII.

    A program is installed once and stays in its thread until another takes its place: clauses are thread-local, so
    programs cannot see each other. Of a request nothing else outlives it. A user's clauses are data for the interpreter
    in grounder.pl, or compiled from what was checked; they are never called as they stand.
*/
:- module(neurosym_engine, [serve/5]).
:- use_module(library(lists)).
:- use_module('../interpreter/reader').
:- use_module('../interpreter/goals').
:- use_module('../interpreter/grounder').
:- use_module('../interpreter/joining').
:- use_module('../interpreter/translator').
:- use_module('../interpreter/compiler').
:- use_module('../interpreter/replayer').
:- use_module('../clpfd/runner').
:- use_module('../clpfd/holding').
:- use_module('../interpreter/builtins', [builtin/1, goal_arguments/2]).
:- use_module('../limits/deadline').
:- use_module('../limits/memory').
:- use_module('../interpreter/json_writer').

%!  serve(+Limits:string, +Domains:string, +Text:string, +Task:string, -Reply:string) is det.
%
%   Limits reads limits(Inferences, Seconds, Bytes).
%   Domains reads domains(Domains, World) of the program that Text is; if it is empty, the program of the request before.
%   Reply is {"ok": ...} or {"error": {"kind", "offset", "clause", "text", "message"}}.

serve(LimitsText, DomainsText, Text, TaskText, Reply) :-
    read_task(LimitsText, limits(Inferences, Seconds, Bytes)),
    set_budget(Bytes),
    set_prolog_flag(stack_limit, Bytes),
    set_prolog_flag(table_space, Bytes),
    set_prolog_flag(max_table_subgoal_size, 20000),    % terms that grow without end are found early
    set_prolog_flag(max_table_subgoal_size_action, error),
    catch(setup_call_cleanup(
              true,
              within_seconds(Seconds,
                             call_with_inference_limit(must(perform(DomainsText, Text, TaskText, Reply0)),
                                                       Inferences, Outcome)),
              (forget, abolish_all_tables)),
          Error, true),
    set_budget(Bytes),    % for what is said of the error
    (   nonvar(Error)
    ->  error_reply(Error, Reply)
    ;   Outcome == inference_limit_exceeded
    ->  error_reply(Outcome, Reply)
    ;   string_concat("{\"ok\":", Reply0, Reply1),
        string_concat(Reply1, "}", Reply)
    ).

must(Goal) :- call(Goal), !.
must(_) :- throw(error(system_error(task_failed), _)).

%   If calls turn out to differ from their instances, what was done is dropped and done again.
perform(DomainsText, Text, TaskText, Reply) :-
    read_task(TaskText, Task),
    (   DomainsText == "" -> Program = held
    ;   read_task(DomainsText, domains(Domains, World)), Program = program(Text, Domains, World) ),
    install(Task, Program),
    (   catch(with_output_to(string(Reply), do(Task, Program)), told_apart, fail) -> true
    ;   forget, abolish_all_tables,
        tell_calls_apart,
        with_output_to(string(Reply), do(Task, Program)) ).

%   Reading is the same with checks.
install(_, held).
install(Task, program(Text, Domains, World)) :-
    forget_module, forget_program,
    (   Task == read -> true
    ;   read_program(Text, Clauses, Directives, Count),
        install_program(Clauses, Count, Directives, Domains, false, World) ).

do(read, program(Text, Domains, World)) :-
    read_program(Text, Clauses, Directives, Count),
    install_program(Clauses, Count, Directives, Domains, check(Unknown), World),
    put_clauses(Clauses, Count, Directives, Unknown).
do(clauses(Text), _) :-    % all of a long text
    read_clauses(Text, Clauses, Directives),
    length(Clauses, Count),
    put_clauses(Clauses, Count, Directives, []).
do(offsets(Text), _) :- put_offsets(Text).
do(files(Text), _) :- put_files(Text).
do(ground(QueryText, Answers, Instances), _) :-
    read_query(QueryText, Query, Names),
    check_query(Query),
    ground(Query, Names, Answers, Instances).
do(ground_joined(QueryText, Answers, Instances), Known) :-
    join_lists,
    do(ground(QueryText, Answers, Instances), Known).
do(ground_program_joined(Answers, Instances), Known) :-
    join_lists,
    do(ground_program(Answers, Instances), Known).
do(ground_program(Answers, Instances), _) :-
    ground_program(Answers, Instances).
do(replay(FactsText, ProofText), _) :-
    read_task(FactsText, Facts),
    read_task(ProofText, Proof),
    install_world(Facts),
    replay_proof(Proof).
do(forget, _) :- forget_module, forget_program, write(true).
do(version, _) :- current_prolog_flag(version, Version), Value is 3 + 4, format('[~d,~d]', [Version, Value]).
do(term(Text), _) :- read_task(Text, Term), put_term(Term).
do(read_constraints(Text, Domains), _) :-
    read_constraint_program(Text, Domains).
do(constrain(Text, Domains, QueryText, Alternatives), _) :-
    constrain(Text, Domains, QueryText, Alternatives).
do(check_constraints(ConstraintsText), _) :-
    read_task(ConstraintsText, Constraints),
    ( nth0(Place, Constraints, Constraint), \+ holds(Constraint) -> true ; Place = -1 ),
    put_term(Place).

error_reply(Error, Reply) :-
    once(explain(Error, Kind, Offset, Clause, Text, Message)),
    with_output_to(string(Reply),
                   ( write('{"error":{"kind":'), put_string(Kind),
                     write(',"offset":'), put_term(Offset),
                     write(',"clause":'), put_term(Clause),
                     write(',"text":'), put_string(Text),
                     write(',"message":'), put_string(Message),
                     write('}}') )).

explain(refused(What, From-_, Term), Kind, From, -1, Text, Message) :- !,
    kind_and_message(What, Kind, Message),
    short_text(fault_text, Term, Text).
explain(raised(From-_, Goal, Error), builtin, From, -1, Text, Message) :- !,
    short_text(fault_text, Goal, Text),
    message_text(error(Error, _), Message).
explain(refused(What, Offset, Term), Kind, Offset, -1, Text, Message) :-
    kind_and_message(What, Kind, Message),
    short_text(Term, Text).
explain(stopped(undefined, Clause, Body), undefined, -1, Clause, Text, '') :-
    body_text(Body, Text).
explain(stopped(subquery, Clause, Goal-Given), subquery, -1, Clause, Text, Message) :- !,    % whole: it is read again
    numbervars(Goal-Given, 0, _),
    term_text(Goal, Text),
    term_text(Given, Message).
explain(stopped(computed, Clause, Calls), computed, -1, Clause, Text, '') :- !,    % whole: it is read again
    term_text(Calls, Text).
explain(stopped(Kind, Clause, Term), Kind, -1, Clause, Text, '') :-
    short_text(Term, Text).
explain(error(_, Context), collection, -1, -1, '', '') :-
    nonvar(Context), Context = context(_, Message), nonvar(Message), sub_atom(Message, _, _, _, continuation).
explain(builtin(Clause, Goal, Error), builtin, -1, Clause, Text, Message) :-
    short_text(Goal, Text),
    message_text(error(Error, _), Message).
explain(error(syntax_error(What), Where), syntax, Offset, -1, '', Message) :-
    (   Where = stream(_, _, _, Offset) ; Where = string(_, Offset) ; Offset = -1 ),
    message_text(error(syntax_error(What), _), Message).
explain(inference_limit_exceeded, inferences, -1, -1, '', '').    % also thrown, when a builtin passes the limit as it ends
explain(time_limit_exceeded, time, -1, -1, '', '').
explain(error(type_error(acyclic_term, _), _), cyclic, -1, -1, '', '').
explain(error(resource_error(tripwire(max_table_subgoal_size, _)), _), growing, -1, -1, '', '') :- !.
explain(error(resource_error(What), _), memory, -1, -1, Text, '') :-
    short_text(What, Text).
explain(Error, prolog, -1, -1, '', Message) :-
    message_text(Error, Message).

kind_and_message(What, Kind, Message) :- ( compound(What) -> What =.. [Kind, Message] ; Kind = What, Message = '' ).

%   What a message shows of a term, which may be huge.
short_text(Term, Text) :- short_text(term_text, Term, Text).

:- meta_predicate short_text(2, ?, -).
short_text(Write, Term, Text) :-
    (   small(Term, 2000) -> call(Write, Term, Whole)
    ;   format(string(Whole), '~W', [Term, [quoted(true), max_depth(10)]]) ),
    (   string_length(Whole, Length), Length > 1000
    ->  sub_string(Whole, 0, 1000, _, Start), string_concat(Start, "...", Text)
    ;   Text = Whole ).

message_text(Error, Text) :- \+ small(Error, 2000), !, short_text(Error, Text).
message_text(Error, Text) :-
    catch(( prolog:translate_message(Error, Lines, []) ; message_to_codes_fallback(Error, Lines) ), _, fail), !,
    with_output_to(string(Text), print_message_lines(current_output, '', Lines)).
message_text(Error, Text) :-
    term_text(Error, Text).

message_to_codes_fallback(Error, ['~p'-[Error]]).

%   Of a query only the goal itself is looked at: what it rests on was checked with the program.
check_query(Query) :-
    (   \+ callable(Query)
    ->  throw(refused(query, -1, Query))
    ;   functor(Query, Name, 2), domain_(Name, _), \+ defined(Query)
    ->  throw(refused(query_domain, -1, Query))
    ;   ( defined(Query) ; goal_arguments(Query, _) ; builtin(Query) )
    ->  true
    ;   functor(Query, Name, Arity),
        throw(refused(query_unknown, -1, Name/Arity))
    ).
