/*  Replays a proof in one world, step by step and independently of how it was found.

    A proof comes as the list of its steps, each before what it rests on: rule(ClauseId, Atom, Count), fact(Domain, Slot,
    Value) or not; here it is rule(ClauseId, Atom, Children). Children stand in the order of the body, a choice last; what
    is certain is not listed but proved again. What does not follow raises stopped(replay, Clause, Atom). The replayed
    proof goes out as a list of the same kind.
*/
:- module(neurosym_replayer, [replay_proof/1]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(analysis).
:- use_module(goals).
:- use_module(grounder).
:- use_module(ground_writer, [choice_text/4]).
:- use_module(builtins).
:- use_module(translator).
:- use_module(json_writer).

max_depth(200).    % of the proof of what is certain, as it is shown

%!  replay_proof(+Steps) writes the proof as JSON, and the names of each clause's variables, to which their values belong.
replay_proof(Steps) :-
    tree(Steps, Proof, []),
    replayed(Proof, Tree), !,
    write('{"proof":['), put_tree(Tree),
    write('],"names":['),
    forall(( written_(Id, _, _, _, Names), Names = [_|_] ),
           ( format('[~d,', [Id]), put_list(neurosym_replayer:put_name, Names), write('],') )),
    write('[-1,[]]]}').

tree([rule(Id, Atom, Count)|Steps], rule(Id, Atom, Children), Rest) :- !, trees(Count, Steps, Children, Rest).
tree([Leaf|Rest], Leaf, Rest).

trees(0, Rest, [], Rest) :- !.
trees(Count, Steps, [Tree|Trees], Rest) :- More is Count - 1, tree(Steps, Tree, Steps1), trees(More, Steps1, Trees, Rest).

put_name(Name=_) :- put_string(Name).

%   Mostly a goal is replayed as the atom that it came to be. Where that fails, for a goal may tell a variable from what
%   it becomes, all goals are replayed as they are called, and what was asked with variables throughout.
replayed(Proof, Tree) :-
    b_setval(neurosym_as_called, false),
    Stopped = stopped(replay, Clause, _),    % and nothing else: limits hold for both attempts together
    catch(replay(Proof, Tree), Stopped, true),
    (   var(Clause) -> true
    ;   b_setval(neurosym_as_called, true),
        Proof = rule(Id, Atom, Children), functor(Atom, Name, Arity), functor(Asked, Name, Arity),
        catch(replay(rule(Id, Asked, Children), Tree), stopped(replay, _, _), throw(Stopped)),
        ( Asked = Atom -> true ; throw(Stopped) ) ).

replay(rule(Id, Atom, Children), Tree) :-
    (   written(Id, Atom, Body, Choice, Names),
        walk(Body, Id, Children, Rest, Steps, Last),
        chosen(Choice, Rest, Last)
    ->  Tree = rule(Id, Atom, Names, Steps)
    ;   Children == [], certainly(Atom)
    ->  proof_of(Atom, Tree)
    ;   throw(stopped(replay, Id, Atom))
    ).

%   A probabilistic clause's last child is its choice, a network's the value of its input.
chosen(none, [], []).
chosen(choice(Id, Number, Variables), [fact(Name, Slot, of(Id, Text0))], [fact(Name, Slot, Text)]) :-
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
walk(Goal, Id, P, P, [builtin(Goal)|S], S) :- arithmetic(Goal), !, run_builtin(Goal, Id).
walk(Goal, _, P0, P, [builtin(Goal)|S], S) :- collects(Goal, Inner), uncertain_goal(Inner), !,
    certainly(Goal),
    append(_, P, P0).    % its children are checked by running it again
walk(Goal, _, [rule(Id, Atom, Children)|P], P, [Tree|S], S) :- defined(Goal), uncertain_goal(Goal), !,
    \+ Goal \= Atom,
    ( b_getval(neurosym_as_called, true) -> true ; Goal = Atom ),
    replay(rule(Id, Goal, Children), Tree),
    Goal = Atom.
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
    ( collects(Goal, _) ; Goal = once(_) ), !,
    certainly(Goal), nonvar(Id).
walk(Goal, Id, P, P, [builtin(Goal)|S], S) :- run_builtin(Goal, Id).

uncertain_goal(Goal) :- goals_of(Goal, _-Called), uncertain(Called), !.

%!  proof_of(+Goal, -Tree) for what is certain and true: a tree without circles, or a leaf where it grows too deep.
proof_of(Goal, Tree) :-
    max_depth(Depth),
    catch(call_with_inference_limit(certain_tree(Goal, Depth, [], Tree), 1_000_000, Limit), _, fail),
    Limit \== inference_limit_exceeded, !.
proof_of(Goal, rule(Id, Goal, Names, [])) :- written(Id, Goal, _, _, Names), !.

certain_tree(Goal, Depth, Above, rule(Id, Goal, Names, Steps)) :-
    Depth > 0, Below is Depth - 1,
    \+ ( member(Seen, Above), Seen == Goal ),
    written(Id, Goal, Body, none, Names),
    certain_steps(Body, Id, Below, [Goal|Above], Steps, []), !.

certain_steps((A, B), Id, D, Above, S0, S) :- !,
    certain_steps(A, Id, D, Above, S0, S1), certain_steps(B, Id, D, Above, S1, S).
certain_steps(true, _, _, _, S, S) :- !.
certain_steps(Goal, _, D, Above, [Tree|S], S) :- defined(Goal), !,
    certainly(Goal), certain_tree(Goal, D, Above, Tree).
certain_steps(\+ Goal, _, _, _, [not(Goal)|S], S) :- !, \+ certainly(Goal).
certain_steps(Goal, _, _, _, [builtin(Goal)|S], S) :- certainly(Goal).

put_tree(rule(Id, Atom, Names, Steps)) :-
    length(Steps, Count),
    format('["rule",~d,', [Id]), put_text(Atom),
    write(','), put_values(Names), format(',~d]', [Count]),
    put_steps(Steps).
put_tree(fact(Name, Slot, Value)) :- integer(Value), !,
    format('["fact","~w",~d,~d]', [Name, Slot, Value]).    % the name of a domain is plain
put_tree(fact(Name, Slot, Value)) :-
    write('["fact",'), put_string(Name), format(',~d,', [Slot]), put_term(Value), write(']').
put_tree(perceived(Name, Inputs, Index)) :-
    write('["input",'), put_string(Name), write(','), put_text(Inputs), format(',~d]', [Index]).
put_tree(not(Goal)) :- write('["negation",'), put_text(\+ Goal), write(']').
put_tree(builtin(Goal)) :- arithmetic(Goal), !,    % its text alone
    ( numeric(Goal) -> format('"~q"', [Goal]) ; put_text(Goal) ).
put_tree(builtin(Goal)) :- write('["builtin",'), put_text(Goal), write(']').

put_steps([]).
put_steps([Step|Steps]) :- write(','), put_tree(Step), put_steps(Steps).

%   In the order of the clause's names.
put_values(Names) :- integers(Names, Values), !, write(Values).
put_values(Names) :- put_list(neurosym_replayer:put_value, Names).

integers([], []).
integers([_=Value|Names], [Value|Values]) :- integer(Value), integers(Names, Values).

put_value(_=Value) :- ( integer(Value) -> write(Value) ; ground(Value) -> put_text(Value) ; write(null) ).

arithmetic(_ is _).
arithmetic(_ < _).
arithmetic(_ > _).
arithmetic(_ =< _).
arithmetic(_ >= _).
arithmetic(_ =:= _).
arithmetic(_ =\= _).

%   Of integers and operators that are written plainly.
numeric(Term) :- integer(Term), !.
numeric(Term) :- compound(Term), operation(Term, A, B), numeric(A), numeric(B).

operation(A is B, A, B).
operation(A < B, A, B).
operation(A > B, A, B).
operation(A =< B, A, B).
operation(A >= B, A, B).
operation(A =:= B, A, B).
operation(A + B, A, B).
operation(A - B, A, B).
operation(A * B, A, B).
operation(A // B, A, B).
operation(A mod B, A, B).
