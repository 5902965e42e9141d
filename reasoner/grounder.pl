/*  Grounds a program: one run of tabled (SLG) resolution finds the answers and writes down every rule instance.

    The clauses that translator.pl stored are data for the two interpreters here:
    - body/4 runs what is uncertain, 'possibly true', and gathers what an instance rests on: one AND node an
      instance, one OR node an atom. A negation of something uncertain is never pruned; what it denies is grounded
      afterwards, from the agenda, so circles through negation come to light in the ground program;
    - certain/3 runs what rests on nothing uncertain as Prolog does (with cut), tabled where it is recursive, under
      the well-founded semantics where negation stands in a circle; nothing of it enters the ground program.
*/
:- module(neurosym_grounder,
          [ forget/0, install_world/1, set_deadline/1, ground/4, ground_program/2, certain/3, slot_value/4,
            run_builtin/2, choice_fact/5, choice_text/4, certainly/1 ]).
:- use_module(library(lists)).
:- use_module(library(solution_sequences)).
:- use_module(translator).
:- use_module(arithmetic).
:- use_module(collection).
:- use_module(json_writer).

:- thread_local fact_/3, world_/0, choice_/5, input_/3, todo_/2, instance_/4.
:- table may/2, sure/1.

forget :-
    forget_program,
    retractall(fact_(_, _, _)), retractall(world_), retractall(choice_(_, _, _, _, _)),
    retractall(input_(_, _, _)), retractall(todo_(_, _)), retractall(instance_(_, _, _, _)).

%!  install_world(+Facts): each slot has one value, given as fact(Domain, Slot, Value).
install_world(Facts) :-
    assertz(world_),
    forall(member(fact(Name, Slot, Value), Facts), assertz(fact_(Name, Slot, Value))).

set_deadline(Seconds) :-
    get_time(Now),
    Deadline is Now + Seconds,
    nb_setval(neurosym_deadline, Deadline).

%   An alarm cannot interrupt everything, and there is none after a fork: each step of ours looks at the clock.
tick :-
    nb_getval(neurosym_deadline, Deadline),
    get_time(Now),
    ( Now < Deadline -> true ; throw(time_limit_exceeded) ).

/*  What is certain  */

sure(Goal) :- tick, clause_(Goal, Body, Id), certain(Body, Id).

plain(Goal) :-
    tick,
    prolog_current_choice(Choice),
    clause_(Goal, Body, Id),
    certain(Body, Id, Choice).

certain(Body, Id) :-
    prolog_current_choice(Choice),
    certain(Body, Id, Choice).

%!  certain(+Body, +Id, +Choice) is nondet: a cut removes the choice points since Choice.
certain(true, _, _).
certain((A, B), Id, Choice) :- certain(A, Id, Choice), certain(B, Id, Choice).
certain(or(A, B), Id, Choice) :- ( certain(A, Id, Choice) ; certain(B, Id, Choice) ).
certain(if(C, A, B), Id, Choice) :- ( certain(C, Id) -> certain(A, Id, Choice) ; certain(B, Id, Choice) ).
certain(cut, _, Choice) :- prolog_cut_to(Choice).
certain(facts(Goal), _, _) :- clause_(Goal, true, _).
certain(plain(Goal), _, _) :- plain(Goal).
certain(sure(Goal), _, _) :- sure(Goal).
certain(run(Goal), Id, _) :- run_builtin(Goal, Id).
certain(naf(Body), Id, _) :- \+ certain(Body, Id).
certain(unproved(Goal), _, _) :- not_exists(sure(Goal)).
certain(once(Body), Id, _) :- ( certain(Body, Id) -> true ).
certain(findall(Template, Body, List), Id, _) :- findall(Template, certain(Body, Id), List).
certain(call(Goal, Extra), Id, _) :- translate_call(Goal, Extra, Id, Body), certain(Body, Id).
certain(slot(Name, Slot, Value), Id, _) :- slot_value(Name, Slot, Value, Id).
certain(choice(Id, Number, Variables), _, _) :- choice_fact(Id, Number, Variables, _, _).
certain(net(Name, Inputs, Output, Values, _), _, _) :- fact_(Name, Inputs, Index), nth0(Index, Values, Output).

slot_value(Name, Slot, Value, Id) :-
    (   integer(Slot), Slot >= 0 -> true
    ;   Goal =.. [Name, Slot, Value], throw(stopped(slot, Id, Goal)) ),
    (   world_ -> fact_(Name, Slot, Value)
    ;   domain_(Name, Values), member(Value, Values) ).

%!  choice_fact(+Id, +Number, +Variables, -Name, -Slot): in the installed world this head was chosen.
choice_fact(Id, Number, Variables, Name, Slot) :-
    choice_text(Id, Number, Variables, Text),
    fact_(Name, Slot, Text0), atom_string(Text0, Text), !.

run_builtin(Goal, Id) :-
    catch(builtin_goal(Goal), Error, builtin_error(Error, Goal, Id)).

builtin_goal(X is Y) :- !, evaluate(Y, Value), X = Value.
builtin_goal(X < Y) :- !, compare_values(<, X, Y).
builtin_goal(X > Y) :- !, compare_values(>, X, Y).
builtin_goal(X =< Y) :- !, compare_values(=<, X, Y).
builtin_goal(X >= Y) :- !, compare_values(>=, X, Y).
builtin_goal(X =:= Y) :- !, compare_values(=:=, X, Y).
builtin_goal(X =\= Y) :- !, compare_values(=\=, X, Y).
builtin_goal(Goal) :- call(Goal).

builtin_error(error(resource_error(What), Context), _, _) :- !, throw(error(resource_error(What), Context)).
builtin_error(error(Error, _), Goal, Id) :- !, throw(builtin(Id, Goal, Error)).
builtin_error(impure(Part), _, Id) :- !, throw(stopped(impure, Id, Part)).
builtin_error(too_large(_), Goal, Id) :- !, throw(stopped(large, Id, Goal)).
builtin_error(Error, _, _) :- throw(Error).

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
    ( collects_ -> copy_term(Goal, Call) ; Call = Goal ),
    clause_(Goal, Body, Id),
    body(Body, Id, Items, []),
    put_instance(Goal, Id, Items),
    ( collects_ -> assertz(instance_(Goal, Call, Id, Items)) ; true ).

%!  body(+Body, +Id, -Items, ?Rest): Items are bodies again, each of one step.
body(true, _, I, I).
body((A, B), Id, I0, I) :- body(A, Id, I0, I1), body(B, Id, I1, I).
body(or(A, B), Id, I0, I) :- ( body(A, Id, I0, I) ; body(B, Id, I0, I) ).
body(if(C, A, B), Id, I0, I) :- ( certainly(C, Id) -> body(A, Id, I0, I) ; body(B, Id, I0, I) ).
body(may(Goal), Id, [may(Goal)|I], I) :-
    may(Goal, _),
    ( ground(Goal) -> true ; throw(stopped(nonground, Id, Goal)) ).
body(not(Body), _, [not(Denied)|I], I) :- copy_term(Body, Denied).    % what is bound later was free here
body(slot(Name, Slot, Value), Id, [slot(Name, Slot, Value)|I], I) :- slot_value(Name, Slot, Value, Id).
body(choice(Id, Number, Variables), _, [choice(Id, Number, Variables)|I], I) :-
    ( ground(Variables) -> true ; clause_(Head, _, Id), throw(stopped(nonground, Id, Head)) ).
body(net(Name, Inputs, Output, Values, Index), Id, [net(Name, Inputs, Output, Values, Index)|I], I) :-
    ( ground(Inputs) -> true ; throw(stopped(input, Id, Inputs)) ),
    nth0(Index, Values, Output).
body(collect(Template, Body, List), Id, I0, I) :-
    findall(Key-found(Template, Items), ( body(Body, Id, Items, []), order_key(Items, Key) ), Keyed0),
    keysort(Keyed0, Keyed),
    findall(found(Value, Leaves), ( member(_-found(Value, Items), Keyed), proof_leaves(Items, [], Leaves, []) ), Found),
    selection(Found, [], Id, List, I0, I).
body(call(Goal, Extra), Id, I0, I) :- translate_call(Goal, Extra, Id, Body), body(Body, Id, I0, I).
body(facts(Goal), _, I, I) :- clause_(Goal, true, _).
body(plain(Goal), Id, I, I) :- certainly(plain(Goal), Id).
body(sure(Goal), Id, I, I) :- certainly(sure(Goal), Id).
body(run(Goal), Id, I, I) :- run_builtin(Goal, Id).
body(naf(Body), Id, I, I) :- certainly(naf(Body), Id).
body(unproved(Goal), Id, I, I) :- certainly(unproved(Goal), Id).
body(once(Body), Id, I, I) :- certainly(once(Body), Id).
body(findall(Template, Body, List), Id, I, I) :- certainly(findall(Template, Body, List), Id).

%   Tables forget the order of their answers: found first is what rests on the clause that stands first.
order_key(Items, Key) :- order_key(Items, 5, Key).

order_key([], _, []).
order_key([Item|Items], Depth, [Key|Keys]) :-
    (   Item = may(Atom) -> atom_key(Depth, Atom, Key)
    ;   Item = slot(_, _, Value) -> Key = Value
    ;   Item = net(_, _, _, _, Key) -> true
    ;   Key = 0 ),
    order_key(Items, Depth, Keys).

atom_key(0, Atom, Number) :- !, atom_number_(Atom, Number).
atom_key(Depth, Atom, Key) :-
    Below is Depth - 1,
    findall([Id|Keys], ( proof_step(Atom, Id, Items), order_key(Items, Below, Keys) ), Found),
    (   Found == [] -> atom_number_(Atom, Key) ; min_member(Key, Found) ).

%!  proof_leaves(+Items, +Above, -Leaves, ?Rest) is nondet: findall/3 sees an answer once for each of its proofs.
proof_leaves([], _, Leaves, Leaves).
proof_leaves([Item|Items], Above, Leaves0, Leaves) :-
    (   Item = may(Atom)
    ->  \+ ( member(Seen, Above), Seen == Atom ),
        tick,
        proof_step(Atom, _, Inner),
        proof_leaves(Inner, [Atom|Above], Leaves0, Leaves1)
    ;   Leaves0 = [Item|Leaves1]
    ),
    proof_leaves(Items, Above, Leaves1, Leaves).

%   A rule instance of an atom, which may have been found from several calls; each call finds all of them.
proof_step(Atom, Id, Items) :-
    once(instance_(Atom, First, _, _)),
    instance_(Atom, Call, Id, Items),
    Call =@= First.

/*  The ground program as JSON  */

%!  ground(+Query, +Names, +MaxAnswers, +MaxInstances) for one query, ground_program(+MaxAnswers, +MaxInstances)
%   for the queries and the evidence that the program states.
ground(Query, Names, MaxAnswers, MaxInstances) :-
    start(MaxInstances),
    write('{"rules":[null'),
    answers(Query, MaxAnswers, Answers),
    run_agenda,
    write('],"answers":'),
    put_list(neurosym_grounder:put_answer(Query, Names), Answers),
    write(',"evidence":[]'),
    finish.

ground_program(MaxAnswers, MaxInstances) :-
    start(MaxInstances),
    stated(query(Query), Query, Queries),
    ( Queries == [] -> throw(stopped(no_query, -1, query)) ; true ),
    findall(Goal-Truth, evidence(Goal, Truth), Evidence),
    forall(member(Goal-_, Evidence), asked(Goal)),
    forall(member(Goal, Queries), asked(Goal)),
    write('{"rules":[null'),
    findall(Answer, ( member(Goal, Queries), answers_or_goal(Goal, MaxAnswers, Answers), member(Answer, Answers) ),
            Found),
    list_to_set(Found, Answered),
    findall(Answer-Truth, ( member(Goal-Truth, Evidence), answers_or_goal(Goal, MaxAnswers, Answers),
                            member(Answer, Answers) ), Observed),
    run_agenda,
    write('],"answers":'),
    put_list(neurosym_grounder:put_answer(_, []), Answered),
    write(',"evidence":'),
    put_list(neurosym_grounder:put_evidence, Observed),
    finish.

stated(Head, Goal, Goals) :-
    ( defined(Head) -> translate(Head, -1, Body), findall(Goal, certainly(Body, -1), Goals) ; Goals = [] ).

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
    (   callable(Goal), ( defined(Goal) ; functor(Goal, Name, 2), domain_(Name, _) ) -> true
    ;   throw(stopped(query_undefined, -1, Goal)) ).

answers(Query, Max, Answers) :-
    translate(Query, -1, Body),
    Limit is Max + 1,
    (   Body = may(_)
    ->  findall(Query, limit(Limit, may(Query, _)), Found)
    ;   findall(Query, limit(Limit, certainly(Body, -1)), Found)
    ),
    sort(Found, Answers),
    length(Answers, Count),
    ( Count > Max -> throw(stopped(answers, -1, Count)) ; true ),
    forall(member(Answer, Answers),
           ( ( ground(Answer) -> true ; throw(stopped(nonground, -1, Answer)) ),
             ( Body = may(_) -> true ; put_certain(Answer, Body) ) )).

%   A ground query that fails has the probability 0; an open one has no answer.
answers_or_goal(Goal, Max, Answers) :-
    answers(Goal, Max, Found),
    ( Found == [], ground(Goal) -> Answers = [Goal] ; Answers = Found ).

put_certain(Answer, _) :-
    (   clause_(Answer, Body, Id), certainly(Body, Id) -> true
    ;   clause_(Answer, _, Id) ), !,
    put_instance(Answer, Id, []).
put_certain(Answer, _) :-    % what is perceived, asked for itself
    translate(Answer, -1, Body), body(Body, -1, Items, []), !,
    put_instance(Answer, -1, Items).

%   What is denied is grounded too: an atom by its own rules, all else by rules 'denied :- body'.
run_agenda :-
    retract(todo_(Key, Body)), !,
    (   Key = atom(Atom) -> forall(may(Atom, _), true)
    ;   forall(body(Body, -1, Items, []), put_instance(Key, -1, Items)) ),
    run_agenda.
run_agenda.

start(MaxInstances) :-
    trie_new(Atoms), trie_new(Choices), trie_new(Inputs),
    nb_setval(neurosym_state, state(Atoms, Choices, Inputs, 0, 0, MaxInstances, 0)).

finish :-
    nb_getval(neurosym_state, State), arg(1, State, Atoms),
    write(',"atoms":[null'),
    forall(trie_gen(Atoms, Atom, Number), put_atom(Number, Atom)),
    write('],"choices":[null'),
    forall(choice_(Number, Id, Name, Probabilities, Texts),
           ( format(',[~d,~d,', [Number, Id]), put_string(Name), write(','),
             put_list(neurosym_json:put_term, Probabilities), write(','),
             put_list(neurosym_json:put_string, Texts), write(']') )),
    write('],"inputs":[null'),
    forall(input_(Name, Number, Inputs),
           ( term_text(Inputs, Text),
             write(',['), put_string(Name), format(',~d,', [Number]), put_string(Text), write(']') )),
    write(']}').

put_answer(Query, Names, Answer) :-
    atom_number_(Answer, Number),
    Query = Answer,
    format('[~d,', [Number]), put_term(Answer),
    forall(( member(Name=Value, Names), \+ sub_atom(Name, 0, _, _, '_') ),
           ( write(',['), put_string(Name), write(','), put_term(Value), write(']') )),
    write(']').

put_evidence(Answer-Truth) :-
    atom_number_(Answer, Number),
    format('[~d,~w]', [Number, Truth]).

put_atom(Number, Atom) :-
    ( Atom = not(Body) -> body_text(Body, Text0), string_concat('\\+ ', Text0, Text) ; Atom = atom(A), term_text(A, Text) ),
    format(',[~d,', [Number]), put_string(Text), write(']').

put_instance(Head, Id, Items) :-
    ( Head = not(_) -> Key = Head ; ground(Head) -> Key = atom(Head) ; throw(stopped(nonground, Id, Head)) ),
    nb_getval(neurosym_state, State),
    arg(5, State, Count0), arg(6, State, Limit),
    Count is Count0 + 1,
    ( Count > Limit -> throw(stopped(instances, Id, Limit)) ; nb_setarg(5, State, Count) ),
    numbered(State, Key, Number),
    format(',[~d,~d', [Id, Number]),
    put_items(Items, State),
    write(']').

put_items([], _).
put_items([Item|Items], State) :- write(','), put_item(Item, State), put_items(Items, State).

put_item(may(Atom), State) :- numbered(State, atom(Atom), Number), write(Number).
put_item(slot(Name, Slot, Value), _) :-
    write('["d",'), put_string(Name), format(',~d,', [Slot]), put_term(Value), write(']').
put_item(not(Body), State) :-
    ( Body = may(Atom), ground(Atom) -> Key = atom(Atom) ; Key = not(Body) ),
    arg(1, State, Atoms),
    ( Key = not(_), trie_lookup(Atoms, Key, _) -> true ; copy_term(Body, Denied), assertz(todo_(Key, Denied)) ),
    numbered(State, Key, Number),
    format('["n",~d]', [Number]).
put_item(choice(Id, Number, Variables), State) :-
    arg(2, State, Choices),
    Key = choice(Id, Variables),
    (   trie_lookup(Choices, Key, Choice) -> true
    ;   choice_row(Id, Variables, Name, Probabilities, Texts),
        arg(4, State, Choice),
        Next is Choice + 1,
        nb_setarg(4, State, Next),
        trie_insert(Choices, Key, Choice),
        assertz(choice_(Choice, Id, Name, Probabilities, Texts)) ),
    format('["c",~d,~d]', [Choice, Number]).
put_item(net(Name, Inputs, _, _, Index), State) :-
    arg(3, State, Known),
    (   trie_lookup(Known, input(Name, Inputs), Slot) -> true
    ;   inputs_of(Name, Slot),
        trie_insert(Known, input(Name, Inputs), Slot),
        assertz(input_(Name, Slot, Inputs)) ),
    write('["p",'), put_string(Name), format(',~d,~d]', [Slot, Index]).

inputs_of(Name, Count) :- findall(x, input_(Name, _, _), Found), length(Found, Count).

choice_row(Id, Variables, Name, Probabilities, Texts) :-
    chance_(Id, Variables, Pairs, _),
    Pairs = [_-Head|_], functor(Head, Name, _),
    findall(P, ( member(P0-_, Pairs), probability(P0, Id, P) ), Probabilities),
    sum_list(Probabilities, Sum),
    ( Sum =< 1.000001 -> true ; throw(stopped(probability, Id, Sum)) ),
    length(Pairs, Count), Last is Count - 1,
    findall(Text, ( between(0, Last, Number), choice_text(Id, Number, Variables, Text) ), Texts).

probability(P0, Id, P) :-
    run_builtin(P is float(P0), Id),
    ( P >= 0, P =< 1.000001 -> true ; throw(stopped(probability, Id, P)) ).

%!  choice_text(+Id, +Number, +Variables, -Text): the clause instance as text, which tells it from its sisters.
choice_text(Id, Number, Variables, Text) :-
    chance_(Id, Variables, Pairs, Body),
    nth0(Number, Pairs, _-Head),
    (   Body == true -> term_text(Head, Text)
    ;   chance_(Id, Free, FreePairs, _), nth0(Number, FreePairs, _-FreeHead),
        term_variables(FreeHead, InHead), length(InHead, A), length(Free, B), A =:= B
    ->  term_text(Head, Text)
    ;   term_text((Head :- Body), Text) ).

numbered(State, Key, Number) :-
    arg(1, State, Atoms),
    (   trie_lookup(Atoms, Key, Number) -> true
    ;   arg(7, State, Number),
        Next is Number + 1,
        nb_setarg(7, State, Next),
        trie_insert(Atoms, Key, Number) ).

atom_number_(Answer, Number) :- nb_getval(neurosym_state, State), numbered(State, atom(Answer), Number).
