/*  Replays proofs in one world, step by step and independently of how they were found.

    A proof is rule(ClauseId, Atom, Children), fact(Domain, Slot, Value) or not. Children stand in the order of
    the body, a choice last; what is certain is not listed but proved again. What does not follow raises
    stopped(replay, Clause, Atom).
*/
:- module(neurosym_replayer, [replay_all/1]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(analysis).
:- use_module(grounder).
:- use_module(ground_writer, [choice_text/4]).
:- use_module(builtins).
:- use_module(translator).
:- use_module(json_writer).

max_depth(200).    % of the proof of what is certain, as it is shown

replay_all(Proofs) :- put_list(neurosym_replayer:put_replayed, Proofs).

put_replayed(Proof) :- replay(Proof, Tree), !, put_tree(Tree).

replay(rule(Id, Atom, Children), Tree) :-
    (   written_(Id, Atom, Body, Choice, Names),
        walk(Body, Id, Children, Rest, Steps, Last),
        chosen(Choice, Rest, Last)
    ->  Tree = rule(Id, Atom, Names, Steps)
    ;   Children == [], certainly(Atom)
    ->  proof_of(Atom, Tree)
    ;   throw(stopped(replay, Id, Atom))
    ).

%   A probabilistic clause's last child is its choice, a network's the value of its input.
chosen(none, [], []).
chosen(choice(Id, Number, Variables), [fact(Name, Slot, Text0)], [fact(Name, Slot, Text)]) :-
    choice_fact(Id, Number, Variables, Name, Slot),
    choice_text(Id, Number, Variables, Text), atom_string(Text0, Text).
chosen(net(Name, Inputs, Output, Values), [fact(Name, Inputs, Index)], [perceived(Name, Inputs, Index)]) :-
    certain(net(Name, Inputs, Output, Values, _), -1, _),
    nth0(Index, Values, Output).
chosen(function(Name, Inputs, Output), [], []) :- Output =.. [Name|Inputs].

walk((A, B), Id, P0, P, S0, S) :- !, walk(A, Id, P0, P1, S0, S1), walk(B, Id, P1, P, S1, S).
walk((C -> A ; B), Id, P0, P, S0, S) :- !,
    ( walk(C, Id, [], [], S0, S1) -> walk(A, Id, P0, P, S1, S) ; walk(B, Id, P0, P, S0, S) ).
walk((A ; B), Id, P0, P, S0, S) :- !, ( walk(A, Id, P0, P, S0, S) ; walk(B, Id, P0, P, S0, S) ).
walk((C -> A), Id, P0, P, S0, S) :- !, ( walk(C, Id, [], [], S0, S1) -> walk(A, Id, P0, P, S1, S) ).
walk(call(Goal), Id, P0, P, S0, S) :- !, walk(Goal, Id, P0, P, S0, S).
walk(once(Goal), Id, P0, P, S0, S) :- uncertain_goal(Goal), !, walk(Goal, Id, P0, P, S0, S).
walk(\+ Goal, _, P0, P, [not(Goal)|S], S) :- !,
    ( uncertain_goal(Goal) -> P0 = [not|P] ; P0 = P ),
    \+ certainly(Goal).
walk(not(Goal), Id, P0, P, S0, S) :- !, walk(\+ Goal, Id, P0, P, S0, S).
walk(forall(A, B), Id, P0, P, S0, S) :- !, walk(\+ (A, \+ B), Id, P0, P, S0, S).
walk(findall(Template, Goal, List), _, P0, P, [builtin(findall(Template, Goal, List))|S], S) :- uncertain_goal(Goal), !,
    certainly(findall(Template, Goal, List)),
    append(_, P, P0).    % its children are checked by running it again
walk(Goal, _, [rule(Id, Goal, Children)|P], P, [Tree|S], S) :- defined(Goal), uncertain_goal(Goal), !,
    replay(rule(Id, Goal, Children), Tree).
walk(Goal, _, P, P, [Tree|S], S) :- defined(Goal), !,
    certainly(Goal),
    proof_of(Goal, Tree).
walk(Goal, Id, [fact(Name, Slot, Value)|P], P, [fact(Name, Slot, Value)|S], S) :-
    compound(Goal), Goal =.. [Name, Slot, Value], domain_(Name, _), !,
    slot_value(Name, Slot, Value, Id).
walk(Goal, Id, P0, P, S0, S) :- compound(Goal), Goal =.. [call, Closure|Extra], callable(Closure), !,
    Closure =.. [Name|Arguments], append(Arguments, Extra, All), Called =.. [Name|All],
    walk(Called, Id, P0, P, S0, S).
walk(true, _, P, P, S, S) :- !.
walk(!, _, P, P, S, S) :- !.
walk(Goal, Id, P, P, [builtin(Goal)|S], S) :-
    ( Goal = findall(_, _, _) ; Goal = all(_, _, _) ; Goal = all_or_none(_, _, _) ; Goal = once(_) ), !, certainly(Goal), nonvar(Id).
walk(Goal, Id, P, P, [builtin(Goal)|S], S) :- run_builtin(Goal, Id).

uncertain_goal(Goal) :- goals_of(Goal, _-Called), uncertain(Called), !.

%!  proof_of(+Goal, -Tree) for what is certain and true: a tree without circles, or a leaf where it grows too deep.
proof_of(Goal, Tree) :-
    max_depth(Depth),
    catch(call_with_inference_limit(certain_tree(Goal, Depth, [], Tree), 1_000_000, Limit), _, fail),
    Limit \== inference_limit_exceeded, !.
proof_of(Goal, rule(Id, Goal, [], [])) :- clause_(Goal, _, Id), !.

certain_tree(Goal, Depth, Above, rule(Id, Goal, Names, Steps)) :-
    Depth > 0, Below is Depth - 1,
    \+ ( member(Seen, Above), Seen == Goal ),
    written_(Id, Goal, Body, none, Names),
    certain_steps(Body, Id, Below, [Goal|Above], Steps, []), !.

certain_steps((A, B), Id, D, Above, S0, S) :- !,
    certain_steps(A, Id, D, Above, S0, S1), certain_steps(B, Id, D, Above, S1, S).
certain_steps(true, _, _, _, S, S) :- !.
certain_steps(Goal, _, D, Above, [Tree|S], S) :- defined(Goal), !,
    certainly(Goal), certain_tree(Goal, D, Above, Tree).
certain_steps(\+ Goal, _, _, _, [not(Goal)|S], S) :- !, \+ certainly(Goal).
certain_steps(Goal, _, _, _, [builtin(Goal)|S], S) :- certainly(Goal).

put_tree(rule(Id, Atom, Names, Steps)) :-
    term_text(Atom, Text),
    write('{"clause":'), write(Id), write(',"atom":'), put_string(Text),
    findall(Name=Value, ( member(Name=Value, Names), ground(Value) ), Bound),
    write(',"bindings":'), put_list(neurosym_replayer:put_binding, Bound),
    write(',"steps":'), put_list(neurosym_replayer:put_tree, Steps), write('}').
put_tree(fact(Name, Slot, Value)) :-
    write('{"fact":['), put_string(Name), format(',~d,', [Slot]), put_term(Value), write(']}').
put_tree(perceived(Name, Inputs, Index)) :-
    term_text(Inputs, Text),
    write('{"input":['), put_string(Name), write(','), put_string(Text), format(',~d]}', [Index]).
put_tree(not(Goal)) :-
    term_text(\+ Goal, Text),
    write('{"negation":'), put_string(Text), write('}').
put_tree(builtin(Goal)) :-
    term_text(Goal, Text),
    write('{"builtin":'), put_string(Text), write(',"term":'), put_term(Goal), write('}').

put_binding(Name=Value) :- integer(Value), !,
    write('["'), write(Name), write('","'), write(Value), write('"]').    % the name of a variable is plain
put_binding(Name=Value) :-
    term_text(Value, Text),
    write('['), put_string(Name), write(','), put_string(Text), write(']').
