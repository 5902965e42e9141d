/*  Replays proofs in one world, step by step and independently of how they were found.

    A proof is rule(ClauseId, Atom, Children), fact(Domain, Slot, Value) or not. Children stand in the order of
    the body; built-ins are not listed but run again. What does not follow raises stopped(replay, Clause, Atom).
*/
:- module(neurosym_replayer, [replay_all/1]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(yall)).
:- use_module(grounder).
:- use_module(reader).
:- use_module(json_writer).

replay_all(Proofs) :- put_list(neurosym_replayer:put_replayed, Proofs).

put_replayed(Proof) :- replay(Proof, Tree), !, put_tree(Tree).

replay(rule(Id, Atom, Children), Tree) :-
    (   (   rule_names(Id, Head-Body, Names), Head = Atom
        ;   Atom = '$negated'(_, _, _), rule(Atom, Body, Id), Names = [] ),
        walk(Body, Id, Children, [], Steps, [])
    ->  Tree = rule(Id, Atom, Names, Steps)
    ;   throw(stopped(replay, Id, Atom))
    ).

walk((A, B), Id, P0, P, S0, S) :- !, walk(A, Id, P0, P1, S0, S1), walk(B, Id, P1, P, S1, S).
walk((C -> A ; B), Id, P0, P, S0, S) :- !,
    ( walk(C, Id, [], [], S0, S1) -> walk(A, Id, P0, P, S1, S) ; walk(B, Id, P0, P, S0, S) ).
walk((A ; B), Id, P0, P, S0, S) :- !, ( walk(A, Id, P0, P, S0, S) ; walk(B, Id, P0, P, S0, S) ).
walk((C -> A), Id, P0, P, S0, S) :- !, ( walk(C, Id, [], [], S0, S1) -> walk(A, Id, P0, P, S1, S) ).
walk(\+ Goal, _, [not|P], P, [not(Goal)|S], S) :- defined(Goal), !, \+ holds(Goal).
walk(\+ Goal, Id, [not|P], P, [not(Goal)|S], S) :-
    compound(Goal), Goal =.. [Name, Slot, Value], catch(slot_domain(Name), _, fail), !,
    \+ slot_value(Name, Slot, Value, Id).
walk(\+ Goal, Id, P, P, [not(Goal)|S], S) :- !, \+ run_builtin(Goal, Id).
walk(Goal, _, [rule(Id, Goal, Children)|P], P, [Tree|S], S) :- defined(Goal), !,
    replay(rule(Id, Goal, Children), Tree).
walk(Goal, Id, [fact(Name, Slot, Value)|P], P, [fact(Name, Slot, Value)|S], S) :-
    compound(Goal), Goal =.. [Name, Slot, Value], slot_domain(Name), !,
    slot_value(Name, Slot, Value, Id).
walk(true, _, P, P, S, S) :- !.
walk(Goal, Id, P, P, [builtin(Goal)|S], S) :- run_builtin(Goal, Id).

slot_domain(Name) :- neurosym_grounder:domain_(Name, _).

put_tree(rule(Id, Atom, Names, Steps)) :-
    term_text(Atom, Text),
    format('{"clause":~d,"atom":', [Id]), put_string(Text),
    include([_=Value]>>ground(Value), Names, Bound),
    write(',"bindings":'), put_list(neurosym_replayer:put_binding, Bound),
    write(',"steps":'), put_list(neurosym_replayer:put_tree, Steps), write('}').
put_tree(fact(Name, Slot, Value)) :-
    write('{"fact":['), put_string(Name), format(',~d,', [Slot]), put_term(Value), write(']}').
put_tree(not(Goal0)) :-
    ( Goal0 = '$negated'(_, _, _), rule(Goal0, Goal, _) -> true ; Goal = Goal0 ),
    term_text(\+ Goal, Text),
    write('{"negation":'), put_string(Text), write('}').
put_tree(builtin(Goal)) :-
    term_text(Goal, Text),
    write('{"builtin":'), put_string(Text), write(',"term":'), put_term(Goal), write('}').

put_binding(Name=Value) :-
    term_text(Value, Text),
    write('['), put_string(Name), write(','), put_string(Text), write(']').
