/*  Grounds a program: one run of tabled (SLG) resolution finds the answers and writes down every rule instance.

    The clauses that translator.pl stored are data for the two interpreters here:
    - body/4 runs what is uncertain, 'possibly true', and gathers what an instance rests on: one AND node an
      instance, one OR node an atom. A negation of something uncertain is never pruned; what it denies is grounded
      afterwards, from the agenda, so circles through negation come to light in the ground program;
    - certain/3 runs what rests on nothing uncertain as Prolog does (with cut), tabled where it is recursive, under
      the well-founded semantics where negation stands in a circle; nothing of it enters the ground program.
*/
:- module(neurosym_grounder,
          [forget/0, ground/4, ground_program/2, certain/2, certain/3, certainly/1, certainly/2, body/4, choice_fact/5]).
:- set_prolog_flag(optimise, true).
:- use_module(library(lists)).
:- use_module(library(pairs)).
:- use_module(library(solution_sequences)).
:- use_module(library(terms), [term_size/2]).
:- use_module(library(wfs), [call_delays/2]).
:- use_module(translator).
:- use_module(compiler).
:- use_module(analysis).
:- use_module(builtins).
:- use_module(goals).
:- use_module(interpreters).
:- use_module(joining).
:- use_module('../limits/deadline').
:- use_module(densities).
:- use_module(collection).
:- use_module(taken_lists).
:- use_module(tally).
:- use_module(proof_order).
:- use_module(ground_writer).
:- use_module('../limits/memory').

neurosym_interpreters:certain_now(Body, Id) :- certain(Body, Id).
neurosym_interpreters:certainly_now(Body, Id) :- certainly(Body, Id).
neurosym_interpreters:items_of(Body, Id, Items) :- body(Body, Id, Items, []).
neurosym_interpreters:rule_found(Atom, Id, Items) :- found(Atom, Atom, Id, Items).
neurosym_interpreters:instance_of(Atom, Call, Id, Items) :- instance_(Atom, Call, Id, Items).

:- thread_local instance_/4, tabled_/2.
:- table may/2, read_list/4, sure/1.

%!  forget: the world, and what was found; the program stays.
forget :-
    forget_calls, forget_steps,
    forget_world, forget_rows, forget_joining,
    retractall(tabled_(_, _)), retractall(instance_(_, _, _, _)),
    nb_setval(neurosym_searching, false).

/*  What is certain  */

sure(Goal) :- tick, clause_(Goal, Body, Id), certain(Body, Id).

plain(Goal) :-
    tick,
    prolog_current_choice(Choice),
    clause_(Goal, Body0, Id),
    ( sub_cut(Body0) -> in_order(Body0, Body) ; Body = Body0 ),
    certain(Body, Id, Choice).

sub_cut(cut).
sub_cut((A, B)) :- ( sub_cut(A) -> true ; sub_cut(B) ).

certain(Body, Id) :-
    prolog_current_choice(Choice),
    certain(Body, Id, Choice).

%!  certain(+Body, +Id, +Choice) is nondet: a cut removes the choice points since Choice.
certain(true, _, _).
certain((A, B), Id, Choice) :- certain(A, Id, Choice), certain(B, Id, Choice).
certain(or(A, B), Id, Choice) :- ( certain(A, Id, Choice) ; certain(B, Id, Choice) ).
certain(if(C, A, B), Id, Choice) :-
    tested(C), in_order(C, Ordered),
    ( certain(Ordered, Id) -> certain(A, Id, Choice) ; certain(B, Id, Choice) ).
certain(cut, _, Choice) :- prolog_cut_to(Choice).
certain(facts(Goal), _, _) :- clause_(Goal, true, _).
certain(plain(Goal), _, _) :-
    ( recursive(Goal), compiled_answers(Goal, all, Answers) -> member(Goal, Answers) ; plain(Goal) ).
certain(sure(Goal), _, _) :-
    ( compiled_answers(Goal, all, Found) -> list_to_set(Found, Answers), member(Goal, Answers) ; sure(Goal) ).
certain(moded(Goal), Id, _) :- moded_answers(Goal, Id, Answers), member(Goal, Answers).
certain(run(Goal), Id, _) :- run_builtin(Goal, Id).
certain(computed(Goal, Variables, Safe), Id, _) :- compute(Goal, Variables, Safe, Id).
certain(naf(Body), Id, _) :- tested(Body), \+ certain(Body, Id).
certain(unproved(Goal), _, _) :- tested(Goal), not_exists(sure(Goal)).
certain(once(Body), Id, _) :- tested(Body), in_order(Body, Ordered), ( certain(Ordered, Id) -> true ).
certain(findall(Template, Body, List, Kind), Id, _) :-
    collected(Template, Body), listed(List, Id),
    collection(Kind, Template, Body, Id, List).
certain(call(Goal, Extra), Id, _) :- tick, translate_call(Goal, Extra, Id, Body), certain(Body, Id).
certain(ordered_call(Goal, Extra), Id, _) :-
    tick, translate_call(Goal, Extra, Id, Body), in_order(Body, Ordered), certain(Ordered, Id).
certain(ordered(Goal), _, _) :- ordered(Goal).
certain(undefined(Goal), Id, _) :- undefined_goal(Goal, Id).
certain(slot(Name, Slot, Value), Id, _) :- slot_value(Name, Slot, Value, Id).
certain(choice(Id, Number, Variables), _, _) :- choice_fact(Id, Number, Variables, _, _).
certain(net(Name, Inputs, Output, Values, _), _, _) :- world_fact(Name, Inputs, Index), nth0(Index, Values, Output).

/*  Tables forget the order of their answers. Where the first answer counts, or a list is collected, Prolog's own
    search comes first, as long as it ends within a few steps.
*/

max_search(20_000).

ordered(Goal) :- functor(Goal, Name, Arity), tabled_(Name, Arity), !, sure(Goal).
ordered(Goal) :- recursive(Goal), compiled_answers(Goal, all, Answers), !, member(Goal, Answers).
ordered(Goal) :- functor(Goal, Name, Arity), \+ reaches(Name/Arity, Name/Arity), !, searched(Goal).
ordered(Goal) :- nb_getval(neurosym_searching, true), !, searched(Goal).
ordered(Goal) :-
    max_search(Steps),
    setup_call_cleanup(
        nb_setval(neurosym_searching, true),
        call_with_inference_limit(gather(Goal, searched(Goal), Found), Steps, Outcome),
        nb_setval(neurosym_searching, false)),
    (   Outcome == inference_limit_exceeded
    ->  functor(Goal, Name, Arity),
        forall(( head_(Other, N), ( Other/N == Name/Arity ; reaches(Name/Arity, Other/N) ), reaches(Other/N, Other/N) ),
               assertz(tabled_(Other, N))),
        sure(Goal)
    ;   member(Goal, Found)
    ).

searched(Goal) :-
    tick,
    prolog_current_choice(Choice),
    clause_(Goal, Body0, Id),
    in_order(Body0, Body),
    certain(Body, Id, Choice).

%!  choice_fact(+Id, +Number, +Variables, -Name, -Slot): in the installed world this head was chosen.
choice_fact(Id, Number, Variables, Name, Slot) :-
    choice_text(Id, Number, Variables, Text),
    world_fact(Name, Slot, of(Id, Text0)), atom_string(Text0, Text), !.

%!  certainly(+Body): run where nothing is uncertain; what is neither true nor false is reported.
certainly(Body, Id) :-
    (   unstratified_
    ->  call_delays(certain(Body, Id), Delays),
        ( Delays == true -> true ; throw(stopped(undefined, Id, Body)) )
    ;   certain(Body, Id)
    ).

certainly(Goal) :- translate(Goal, -1, Body), certainly(Body, -1).

/*  What is uncertain  */

%   The second argument keeps SWI-Prolog from leaving a ground goal after its first proof: all instances are wanted.
may(Goal, proved) :-
    tick,
    ( ( collects_ ; by_call ) -> copy_term(Goal, Call) ; true ),
    clause_(Goal, Body0, Id),
    ( joins(Id) -> joined_body(Goal, Body0, Body) ; Body = Body0 ),
    body(Body, Id, Items, []),
    found(Goal, Call, Id, Items).

found(Goal, Call, Id, Items) :-
    put_instance(Goal, Call, Id, Items),
    ( collects_ -> keep(Goal-Items), assertz(instance_(Goal, Call, Id, Items)) ; true ).

%   Two goals, one making a list and one reading it, as joining.pl has them.
read_list(Goal, Out, In, proved) :-
    tick,
    ( by_call -> copy_term(Goal, Call) ; true ),
    opened(Goal, Out, In, Maker, Reader, _),
    clause_(Reader, Body, Id),
    made(Maker, Out, Items, Items1, Left),
    read_clause(Body, Left, Out, Goal, Id, Items1, []),
    put_instance(Goal, Call, Id, Items).

%!  body(+Body, +Id, -Items, ?Rest): Items are bodies again, each of one step, and nth(N): of a certain goal the Nth
%   answer, where the order counts. An atom is may(Answer, Call).
body(true, _, I, I).
body((A, B), Id, I0, I) :- body(A, Id, I0, I1), body(B, Id, I1, I).
body(or(A, B), Id, I0, I) :-
    (   collects_
    ->  ( I0 = [nth(1)|I1], body(A, Id, I1, I) ; I0 = [nth(2)|I1], body(B, Id, I1, I) )
    ;   ( body(A, Id, I0, I) ; body(B, Id, I0, I) ) ).
body(if(C, A, B), Id, I0, I) :-
    tested(C), in_order(C, Ordered),
    ( certainly(Ordered, Id) -> body(A, Id, I0, I) ; body(B, Id, I0, I) ).
body(may(Goal), _, [may(Answer, Call)|I], I) :-
    ( ( collects_ ; by_call ) -> copy_term(Goal, Call) ; true ),
    may(Goal, _),
    ( ground(Goal) -> Answer = Goal ; copy_term(Goal, Answer) ).    % what is bound later was free here
body(may(Goal, Call), _, [may(Goal, Call)|I], I).
body(list(Maker, Out, Reader, In), _, [may(Answer, Call)|I], I) :-
    closed(Maker, Out, Reader, In, Goal),
    ( by_call -> copy_term(Goal, Call) ; true ),
    read_list(Goal, Out, In, _),
    ( ground(Goal) -> Answer = Goal ; copy_term(Goal, Answer) ).
body(not(Body), _, [not(Denied)|I], I) :- tested(Body), copy_term(Body, Denied).
body(slot(Name, Slot, Value), Id, [slot(Name, Slot, Value)|I], I) :- slot_value(Name, Slot, Value, Id).
body(choice(Id, Number, Variables), _, [choice(Id, Number, Variables)|I], I) :- decided(Id, Variables).
body(net(Name, Inputs, Output, Values, Index), Id, [net(Name, Inputs, Output, Values, Index)|I], I) :-
    asked_of_network(Inputs, Id),
    nth0(Index, Values, Output).
body(collect(Template, Body, List, Kind), Id, I0, I) :-
    ( continuous_ -> throw(stopped(drawn_collected, Id, Template)) ; true ),
    collected(Template, Body), listed(List, Id),
    collecting(Template-Body, Id, ways(Kind, Template, Body, Id, Ways)),
    selection(Ways, known(0, [], [], []), Id, List, I0, I).
body(tally(Kind, Template, Body, List, Result), Id, I0, I) :-
    ( continuous_ -> throw(stopped(drawn_collected, Id, Template)) ; true ),
    collected(Template, Body),
    collecting(Template-Body, Id, ways(each, Template, Body, Id, Ways)),
    (   few(Ways)
    ->  selection(Ways, known(0, [], [], []), Id, List, I0, I1),
        tallied_goal(Kind, List, Result, Goal),
        body(run(Goal), Id, I1, I)
    ;   flag(neurosym_tally, Number, Number + 1),
        tally(Kind, Ways, Number, Id, Result, Items),
        append(Items, I, I0) ).
body(call(Goal, Extra), Id, I0, I) :- tick, translate_call(Goal, Extra, Id, Body), body(Body, Id, I0, I).
body(undefined(Goal), Id, I, I) :- undefined_goal(Goal, Id).
body(facts(Goal), Id, I0, I) :- settled(facts(Goal), Id, I0, I).
body(plain(Goal), Id, I0, I) :- settled(plain(Goal), Id, I0, I).
body(sure(Goal), Id, I0, I) :- settled(sure(Goal), Id, I0, I).
body(moded(Goal), Id, I0, I) :- settled(moded(Goal), Id, I0, I).
body(run(Goal), Id, I0, I) :-
    ( continuous_, symbolic(Goal) -> formula(Goal, Id, I0, I) ; settled(run(Goal), Id, I0, I) ).
body(computed(Goal, Variables, Safe), Id, I0, I) :-
    (   continuous_, symbolic(Goal) -> formula(Goal, Id, I0, I)
    ;   I0 = I, compute(Goal, Variables, Safe, Id) ).    % it has one answer at most
body(density(Head, Distribution), Id, I, I) :-
    ( ground(Head-Distribution) -> true ; throw(stopped(nonground, Id, Head)) ),
    put_density(Head, Distribution).
body(symbol(Atom, Value), Id, I, I) :-
    ( ground(Atom) -> true ; throw(stopped(nonground, Id, Atom)) ),
    Value = '$value'(Atom).
body(naf(Body), Id, I, I) :- certainly(naf(Body), Id).
body(unproved(Goal), Id, I, I) :- certainly(unproved(Goal), Id).
body(once(Body), Id, I, I) :- certainly(once(Body), Id).
body(findall(Template, Body, List, Kind), Id, I, I) :- certainly(findall(Template, Body, List, Kind), Id).

%   The values that may be collected, in order, each with the ways in which it is found.
ways(Kind, Template, Body, Id, Ways) :-
    catch(ordered_proofs(Kind, Template, Body, Id, Found), no_order, fail), !,
    findall(found(Value, Each),
            ( member(found(Value, Each0), Found),
              findall(Items, ( member(Leaves, Each0), uncertain_items(Leaves, Id, Items) ), Each1),
              sort(Each1, Each), Each \== [] ), Ways).
ways(Kind, Template, Body, Id, Ways) :-
    term_variables(Body, Variables),
    gather(Key-found(Variables-Template, [Leaves]),
           ( body(Body, Id, Items, []), proof_leaves(Items, [], Leaves, [], Key) ), Keyed0),
    keysort(Keyed0, Keyed),
    pairs_values(Keyed, Each),
    ( Kind == each -> Merged = Each ; merged(Each, Merged) ),
    findall(found(Value, Found), member(found(_-Value, Found), Merged), Ways).

settled(Body, Id, I0, I) :-
    (   collects_
    ->  in_order(Body, Ordered), call_nth(certainly(Ordered, Id), N), I0 = [nth(N)|I]
    ;   certainly(Body, Id), I0 = I ).

/*  What is asked  */

%!  ground(+Query, +Names, +MaxAnswers, +MaxInstances): the ground program of one query as JSON.
%!  ground_program(+MaxAnswers, +MaxInstances): the same of the queries and the evidence that the program states.
ground(Query, Names, MaxAnswers, MaxInstances) :-
    start(MaxInstances),
    answers(Query, MaxAnswers, Answers),
    run_agenda,
    all_computed,
    finish(Query, Names, Answers, []).

ground_program(MaxAnswers, MaxInstances) :-
    start(MaxInstances),
    asked_and_observed(Queries, Evidence),
    findall(Answer, ( member(Goal, Queries), answers_or_goal(Goal, MaxAnswers, Answers), member(Answer, Answers) ),
            Found),
    once_each(Found, Answered),
    findall(Answer-Truth, ( member(Goal-Truth, Evidence), answers_or_goal(Goal, MaxAnswers, Answers),
                            member(Answer, Answers) ), Observed),
    run_agenda,
    all_computed,
    finish(_, [], Answered, Observed).

asked_and_observed(Queries, Evidence) :-
    stated(query(Query), Query, Queries),
    ( Queries == [] -> throw(stopped(no_query, -1, query)) ; true ),
    findall(Goal-Truth, evidence(Goal, Truth), Evidence),
    forall(member(Goal-_, Evidence), asked(Goal)),
    forall(member(Goal, Queries), asked(Goal)).

stated(Head, Goal, Goals) :-
    (   \+ defined(Head) -> Goals = []
    ;   translate(Head, -1, Body),
        (   Body = may(_)    % it rests on something uncertain: what is asked in some world is asked
        ->  gather(Goal, may(Head, _), Goals)
        ;   gather(Goal, certainly(Body, -1), Goals) ) ).

evidence(Goal, Truth) :-
    stated(evidence(G), G, Goals), member(Goal0, Goals),
    ( nonvar(Goal0), ( Goal0 = (\+ Goal) ; Goal0 = not(Goal) ) -> Truth = false ; Goal = Goal0, Truth = true ).
evidence(Goal, Truth) :-
    stated(evidence(G, T), G-T, Goals), member(Goal0-Truth0, Goals),
    ( memberchk(Truth0, [true, false]) -> true ; throw(stopped(evidence_value, -1, Truth0)) ),
    (   nonvar(Goal0), ( Goal0 = (\+ Goal) ; Goal0 = not(Goal) )
    ->  ( Truth0 == true -> Truth = false ; Truth = true )
    ;   Goal = Goal0, Truth = Truth0 ).

asked(Goal) :-
    (   callable(Goal),
        ( defined(Goal) ; goal_arguments(Goal, _) ; builtin(Goal) ; functor(Goal, Name, 2), domain_(Name, _) ) -> true
    ;   undefined_fails_ -> true
    ;   throw(stopped(query_undefined, -1, Goal)) ).

%   Each answer with its key among the atoms.
answers(Query, Max, Answers) :-
    translate(Query, -1, Body),
    Limit is Max + 1,
    copy_term(Query, Call),
    (   Body = may(_)
    ->  gather(Query-may, limit(Limit, may(Query, _)), Found)
    ;   Body = plain(_), compiled_answers(Query, distinct(Limit), Answered)
    ->  findall(Query-certain, member(Query, Answered), Found)
    ;   certain_body(Body)
    ->  gather(Query-certain, limit(Limit, distinct(Query, ( certainly(Body, -1), affordable(Query) ))), Found)
    ;   gather(Query-items(Items), limit(Limit, body(Body, -1, Items, [])), Found)
    ),
    sort(Found, Sorted),
    length(Sorted, Count),
    ( Count > Max -> throw(stopped(answers, -1, Count)) ; true ),
    ( member(Huge-_, Sorted), term_size(Huge, Cells), Cells > 200_000 -> throw(stopped(huge, -1, Cells)) ; true ),
    findall(Key-Answer, ( member(Answer-How, Sorted), answer_key(How, Call, Answer, Key) ), Answers).

answer_key(may, Call, Answer, Key) :-
    ( ground(Answer) -> true ; throw(stopped(nonground, -1, Answer)) ),
    key(Call, Answer, Key).
answer_key(certain, _, Answer, atom(Answer)) :-
    ( clause_(Answer, _, Id) -> true ; Id = -1 ),    % a proof is looked for when it is shown
    put_row(atom(Answer), Id, []).
answer_key(items(Items), _, Answer, atom(Answer)) :-
    ( ground(Answer) -> true ; throw(stopped(nonground, -1, Answer)) ),
    put_row(atom(Answer), -1, Items).

%   A query without answers has the probability 0, as it stands.
answers_or_goal(Goal, Max, Answers) :-
    answers(Goal, Max, Found),
    ( Found == [] -> Answers = [atom(Goal)-Goal] ; Answers = Found ).

once_each(Answers, Distinct) :-
    trie_new(Seen),
    findall(Key-Answer, ( member(Key-Answer, Answers), keep(Answer), trie_insert(Seen, Answer) ), Distinct).

%   What is denied is grounded too: an atom by its own rules, all else by rules 'denied :- body'.
run_agenda :-
    next_denied(Key, Body), !,
    (   Key = atom(Atom) -> forall(may(Atom, _), true)
    ;   forall(body(Body, -1, Items, []), put_row(Key, -1, Items)) ),
    run_agenda.
run_agenda.

put_instance(Goal, Call, Id, Items) :- key(Call, Goal, Key), put_row(Key, Id, Items).
