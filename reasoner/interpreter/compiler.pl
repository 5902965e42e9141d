/*  What rests on nothing uncertain runs as Prolog itself would: its clauses are compiled into a module of this thread.

    The goals of a clause are those that translator.pl marked, so nothing runs that the checker has not seen: predicates
    of the program bear names that nothing else has ('p ' for p), built-ins are those of builtins.pl, a goal that comes
    together at run time is marked and compiled before it is called. What Prolog's search does not finish within a number
    of steps the interpreter takes up again with tables.
*/
:- module(neurosym_compiler, [compiled_answers/3, moded_answers/3, recursive/1, forget_module/0, forget_steps/0]).
:- set_prolog_flag(optimise, true).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(pairs)).
:- use_module(library(solution_sequences)).
:- use_module(analysis).
:- use_module(builtins).
:- use_module(collection, [flat/1, unrepeated/2]).
:- use_module(goals).
:- use_module('../limits/deadline').
:- use_module('../limits/memory').
:- use_module(translator).

:- thread_local module_/1, recursive_/3, compiled_/2, refused_/2, recursion_/3, unfinished_/2, steps_/1.

%!  forget_module: of the program before.
forget_module :-
    forget_steps,
    retractall(compiled_(_, _)), retractall(refused_(_, _)), retractall(recursion_(_, _, _)),
    retractall(recursive_(_, _, _)),
    ( retract(module_(Module)) -> '$destroy_module'(Module) ; true ).

%!  forget_steps: how far the search of the request before came.
forget_steps :- retractall(unfinished_(_, _)), retractall(steps_(_)).

max_steps(20_000_000).    % of Prolog's search, before tables are tried; each time that they are, a quarter of it
min_steps(20_000).
max_branching_steps(3_000_000).    % where a clause calls itself twice, so that tables may save most of the search
max_growing_steps(300_000).    % where nothing grows smaller from call to call

%!  compiled_answers(+Goal, +Most, -Answers) is semidet: all instances of a goal of the program in Prolog's order, or at
%   most so many different ones, distinct(Most); fails if the goal cannot be compiled, is not finished soon, or goes wrong, which the interpreter is to find.
compiled_answers(Goal, Most, Answers) :-
    \+ unstratified_,
    functor(Goal, Name, Arity),
    \+ unfinished_(Name, Arity),
    compiled(Name, Arity),
    module_(Module), renamed(Goal, Renamed),
    budget(Name, Arity, Steps),
    nb_getval(neurosym_free_cells, Free),
    catch(within(Steps, gather(Goal, some(Most, Goal, ( Module:Renamed, affordable(Goal) )), Found), Outcome), Error, true),
    (   nonvar(Error) -> ends(Error), nb_setval(neurosym_free_cells, Free), assertz(unfinished_(Name, Arity)), fail
    ;   Outcome == inference_limit_exceeded
    ->  nb_setval(neurosym_free_cells, Free),
        assertz(unfinished_(Name, Arity)),
        spent(Steps), fail
    ;   Answers = Found ).

%!  moded_answers(+Goal, +Id, -Answers): of a predicate of whose answers some are kept only, which no table of ours does.
moded_answers(Goal, Id, Answers) :-
    functor(Goal, Name, Arity),
    ( \+ unstratified_, compiled(Name, Arity) -> true ; throw(stopped(moded, Id, Name/Arity)) ),
    module_(Module), kept(Goal, Renamed),
    catch(gather(Goal, ( Module:Renamed, affordable(Goal) ), Answers), error(Error, Context), wrong(Error, Context, Goal, Id)).

wrong(resource_error(What), Context, _, _) :- throw(error(resource_error(What), Context)).
wrong(Error, _, Goal, Id) :- throw(builtin(Id, Goal, Error)).

:- meta_predicate within(+, 0, -), some(+, ?, 0).

some(all, _, Goal) :- call(Goal).
some(distinct(Most), Witness, Goal) :- limit(Most, distinct(Witness, Goal)).

within(infinite, Goal, true) :- !, call(Goal).
within(Steps, Goal, Outcome) :- call_with_inference_limit(Goal, Steps, Outcome).

%   A table with modes is not to be left in the middle.
budget(Name, Arity, infinite) :- callees([Name/Arity], [], All), member(N/A, All), moded_(N, A, _), !.
budget(Name, Arity, Steps) :-
    ( steps_(Left) -> true ; max_steps(Left) ),
    recursion(Name, Arity, Kind),
    most(Kind, Most), Steps is min(Left, Most).

most(growing, Most) :- max_growing_steps(Most).
most(branching, Most) :- max_branching_steps(Most).
most(linear, Most) :- max_steps(Most).

spent(Steps) :-
    max_growing_steps(Few), min_steps(Least),
    (   Steps =< Few -> true
    ;   Left is max(Least, Steps // 4), retractall(steps_(_)), assertz(steps_(Left)) ).

%   What the request ends with passes; all else the interpreter will find again, and say where.
ends(error(resource_error(_), _)) :- !.
ends(error(_, _)) :- !.
ends(Error) :- Error = builtin(_, _, _), !, throw(Error).
ends(Error) :- throw(Error).

%!  recursive(+Goal) of the program.
recursive(Goal) :-
    functor(Goal, Name, Arity),
    (   recursive_(Name, Arity, Found) -> true
    ;   ( reaches(Name/Arity, Name/Arity) -> Found = true ; Found = false ),
        assertz(recursive_(Name, Arity, Found)) ),
    Found == true.

/*  Compiling  */

%!  compiled(+Name, +Arity) is semidet: the predicate and all that it calls are compiled.
compiled(Name, Arity) :- compiled_(Name, Arity), !.
compiled(Name, Arity) :- refused_(Name, Arity), !, fail.
compiled(Name, Arity) :-
    (   callees([Name/Arity], [], All),
        \+ ( member(Called, All), ( uncertain(Called) ; reordered(Called) ) )
    ->  forall(( member(N/A, All), \+ compiled_(N, A) ), compile(N, A))
    ;   assertz(refused_(Name, Arity)), fail ).

%   ProbLog lists what rules give in an order of its own; in a plain program of Prolog Prolog's counts.
reordered(Name/Arity) :-
    \+ plain_prolog,
    functor(Head, Name, Arity),
    clause_(Head, Body, Id), \+ library_clause(Id),
    collects_rules(Body), !.

%   Nothing is uncertain, and nothing is asked of ProbLog.
plain_prolog :- \+ uncertain(any), \+ ( member(Name/Arity, [query/1, evidence/1, evidence/2]), head_(Name, Arity) ).

collects_rules(Body) :- compound(Body), ( Body = findall(_, Inner, _, _) -> \+ flat(Inner) ; arg(_, Body, Part), collects_rules(Part) ).

callees([], All, All).
callees([Called|Todo], Seen, All) :-
    (   memberchk(Called, Seen) -> callees(Todo, Seen, All)
    ;   findall(Next, callee(Called, Next), Next0), sort(Next0, Nexts),
        append(Nexts, Todo, More),
        callees(More, [Called|Seen], All) ).

callee(Name/Arity, Called/A) :-
    functor(Head, Name, Arity),
    clause_(Head, Body, _), Body \== true,
    part(Body, Call), functor(Call, Called, A).

compile(Name, Arity) :-
    assertz(compiled_(Name, Arity)),
    program_module(Module),
    functor(Head, Name, Arity), renamed(Head, Renamed),
    functor(Renamed, New, Arity),
    dynamic(Module:New/Arity),
    (   many(Head)
    ->  assertz(Module:(Renamed :- neurosym_clauses:clause_(Head, true, _)))
    ;   forall(clause_(Head, Body, Id),
               ( goal(Body, Id, Goal), renamed(Head, NewHead), assertz(Module:(NewHead :- Goal)) )) ),
    (   moded_(Name, Arity, Table)
    ->  renamed(Table, Modes), table(Module:Modes)
    ;   compile_predicates([Module:New/Arity]) ).

%   What is kept is kept for all values of the arguments that have a mode, and compared with the goal then.
kept(Goal, (Renamed, Free = Asked)) :-
    functor(Goal, Name, Arity), moded_(Name, Arity, Table),
    Goal =.. [_|Arguments], Table =.. [_|Modes],
    freed(Arguments, Modes, Called, Free, Asked),
    Open =.. [Name|Called], renamed(Open, Renamed).

freed([], [], [], [], []).
freed([Argument|Arguments], [Mode|Modes], [Called|More], Free0, Asked0) :-
    (   ( var(Mode) ; Mode == index ) -> Called = Argument, Free0 = Free, Asked0 = Asked
    ;   Free0 = [Called|Free], Asked0 = [Argument|Asked] ),
    freed(Arguments, Modes, More, Free, Asked).

%   Many facts are not kept twice.
many(Head) :-
    functor(Head, Name, Arity), kind_(Name, Arity, facts),
    max_facts(Most), \+ \+ call_nth(clause_(Head, _, _), Most).

max_facts(10_000).

program_module(Module) :- module_(Module), !.
program_module(Module) :-
    thread_self(Thread), format(atom(Module), 'neurosym program of ~w', [Thread]),
    set_module(Module:class(temporary)), set_module(Module:base(system)),
    assertz(module_(Module)).

renamed(Goal, Renamed) :-
    ( compound(Goal) -> compound_name_arguments(Goal, Name, Arguments) ; Name = Goal, Arguments = [] ),
    atom_concat(Name, ' ', New),
    ( Arguments == [] -> Renamed = New ; compound_name_arguments(Renamed, New, Arguments) ).

%!  goal(+Body, +Id, -Goal): a marked body as Prolog runs it.
goal(true, _, true).
goal((A0, B0), Id, (A, B)) :- goal(A0, Id, A), goal(B0, Id, B).
goal(or(A0, B0), Id, (A ; B)) :- goal(A0, Id, A), goal(B0, Id, B).
goal(if(C0, A0, B0), Id, Goal) :-
    goal(C0, Id, C), goal(A0, Id, A), goal(B0, Id, B), checked(C0, (C -> A ; B), Goal).
goal(cut, _, !).
goal(facts(Goal), _, Renamed) :- renamed(Goal, Renamed).
goal(plain(Goal), _, Renamed) :- renamed(Goal, Renamed).
goal(sure(Goal), _, Renamed) :- renamed(Goal, Renamed).
goal(moded(Goal), _, Renamed) :- kept(Goal, Renamed).
goal(run(Goal), Id, Run) :- run(Goal, Id, Run).
goal(computed(Goal, Variables, Safe), Id, Run) :-
    (   Variables == [] -> Run = Safe
    ;   below_all(Variables, Small), Run = ( Small -> Safe ; neurosym_goals:run_builtin(Goal, Id) ) ).
goal(naf(Body), Id, Goal) :- goal(Body, Id, Denied), checked(Body, \+ Denied, Goal).
goal(once(Body), Id, Goal) :- goal(Body, Id, Inner), checked(Body, (Inner -> true), Goal).
goal(findall(Template, Body, List, Kind), Id, neurosym_compiler:collect(Kind, Template, Variables, Goal, List, Id)) :-
    goal(Body, Id, Goal), term_variables(Body, Variables).
goal(call(Goal, Extra), Id, neurosym_compiler:called(Goal, Extra, Id)).
goal(undefined(Goal), Id, neurosym_goals:undefined_goal(Goal, Id)).

%   As goals.pl has it: a test that tells a call from its instances is told, unless nothing in the program is uncertain.
checked(Body, Goal, Checked) :-
    (   ( numeric(Body) ; \+ uncertain(any) ) -> Checked = Goal
    ;   term_variables(Body, Variables),
        ( Variables == [] -> Checked = Goal ; Checked = (neurosym_goals:tested(Variables), Goal) ) ).

numeric(computed(_, _, _)).
numeric((A, B)) :- numeric(A), numeric(B).

below_all([X], Small) :- !, below(X, Small).
below_all([X|Xs], (Small, More)) :- below(X, Small), below_all(Xs, More).

below(X, (integer(X), X < 0x10000000000, X > -0x10000000000)).

%   Quick where the built-in is Prolog's own and cannot leave the stacks; else as the interpreter runs it.
run(between(L, H, X), _, (between(L, H, X), neurosym_compiler:step)) :- !.
run(Goal, Id, Run) :-
    (   quick(Goal, Direct)
    ->  ( nonlogical(Goal) -> checked(run(Goal), Direct, Run) ; Run = Direct )
    ;   Run = neurosym_goals:run_builtin(Goal, Id) ).

quick(Goal, Goal) :- functor(Goal, Name, Arity), memberchk(Name/Arity, [ true/0, fail/0, false/0, (=)/2, (\=)/2, (==)/2,
    (\==)/2, (@<)/2, (@>)/2, (@=<)/2, (@>=)/2, compare/3, length/2, memberchk/2, msort/2, sort/2, sort/4, var/1, nonvar/1,
    ground/1, integer/1, float/1, number/1, atomic/1, compound/1, callable/1, string/1, is_list/1, functor/3, arg/3, (=..)/2,
    copy_term/2, term_variables/2 ]), !.
quick(Goal, lists:Goal) :- functor(Goal, Name, Arity), memberchk(Name/Arity, [ member/2, append/3, append/2, nth0/3, nth1/3,
    last/2, reverse/2, select/3, selectchk/3, subtract/3, permutation/2, delete/3, list_to_set/2, max_member/2, min_member/2,
    numlist/3, flatten/2, union/3, intersection/3, subset/2, same_length/2, nth0/4, nth1/4, select/4, selectchk/4, nextto/3,
    is_set/1, proper_length/2 ]), !.

/*  At run time. What is copied is looked at first: a copy of t(A, A) is twice as large as A.  */

%   A call, at which the clock can ring.
step.

%!  called(+Goal, +Extra, +Id) is nondet: a goal that came together at run time.
called(Goal, Extra, Id) :-
    translate_call(Goal, Extra, Id, Body),
    (   quickly(Body, Run) -> call(Run)
    ;   goal(Body, Id, Run), compile_called(Body), module_(Module), call(Module:Run) ).

quickly(plain(Goal), Module:Run) :- known(Goal, Module, Run).
quickly(sure(Goal), Module:Run) :- known(Goal, Module, Run).
quickly(moded(Goal), Module:Run) :- known(Goal, Module, _), kept(Goal, Run).
quickly(facts(Goal), Module:Run) :- known(Goal, Module, Run).

known(Goal, Module, Run) :-
    functor(Goal, Name, Arity), compiled(Name, Arity), module_(Module), renamed(Goal, Run).

compile_called(Body) :- forall(( part(Body, Call), functor(Call, Name, Arity) ), compiled(Name, Arity)).

%!  collect(+Kind, +Template, +Variables, +Goal, -List, +Id): findall/3, all/3 and all_or_none/3.
collect(Kind, Template, Variables, Goal, List, Id) :-
    ( uncertain(any) -> collected(Template, Variables) ; true ),
    listed(List, Id),
    module_(Module),
    (   Kind == each, plain_prolog -> gather(Template, ( Module:Goal, affordable(Template) ), List)
    ;   gather(Variables-Template, ( Module:Goal, affordable(Variables-Template) ), Found),
        unrepeated(Found, Each),
        ( Kind == distinct -> true ; library_clause(Id) -> true ; same_length(Found, Each) -> true ; throw(error(repeated, _)) ),
        ( Kind == distinct -> pairs_values(Each, List) ; pairs_values(Found, List) ) ).

/*  Whether something grows smaller from call to call: then Prolog's search ends, if mostly not at once.  */

recursion(Name, Arity, Kind) :- recursion_(Name, Arity, Kind), !.
recursion(Name, Arity, Kind) :-
    callees([Name/Arity], [], All),
    findall(N/A, ( member(N/A, All), functor(Goal, N, A), recursive(Goal) ), Recursive),
    (   member(N/A, Recursive), \+ shrinking(N, A) -> Kind = growing
    ;   member(N/A, Recursive), functor(Head, N, A), clause_(Head, Body, _), branching(Body, N, A) -> Kind = branching
    ;   Kind = linear ),
    assertz(recursion_(Name, Arity, Kind)).

branching(Body, Name, Arity) :-
    functor(Call, Name, Arity),
    findall(x, part(Body, Call), [_, _|_]).

shrinking(Name, Arity) :-
    Arity > 0,
    functor(Head, Name, Arity),
    \+ ( clause_(Head, Body, _), part(Body, Call), functor(Call, Name, Arity),
         \+ ( arg(Index, Head, From), arg(Index, Call, To), smaller(From, To, Body) ) ).

%   A goal of the program in a marked body.
part(Body, Call) :- compound(Body),
    (   ( Body = sure(Call) ; Body = plain(Call) ; Body = facts(Call) ; Body = moded(Call) ) -> true
    ;   ( Body = run(_) ; Body = computed(_, _, _) ; Body = call(_, _) ) -> fail
    ;   arg(_, Body, Inner), part(Inner, Call) ).

smaller(From, To, _) :- compound(From), var(To), term_variables(From, Variables), member(Variable, Variables), Variable == To, !.
smaller(From, To, Body) :- var(From), var(To), counted(Body, To, Expression), term_variables(Expression, [Variable]), Variable == From, !.

counted(Body, To, Expression) :- compound(Body),
    (   Body = computed(Variable is E, _, _), Variable == To -> Expression = E
    ;   Body = run(Goal), ( Goal = (Variable is E) ; Goal = succ(E, Variable) ; Goal = succ(Variable, E) ), Variable == To
    ->  Expression = E
    ;   \+ Body = run(_), \+ Body = computed(_, _, _), arg(_, Body, Inner), counted(Inner, To, Expression) ), !.
