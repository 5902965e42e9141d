/*  The proofs that findall/3 collects, in the order in which ProbLog's engine comes upon them.

    That engine searches depth first as Prolog does, but answers each call once and in full before it goes on: the
    answers of a call come in the order in which each is first found, with all its proofs. Facts, choices, built-in
    calls and conjunctions are numbered as they first come up. The list is in the order of the greatest number in
    each proof; where that is the same, in the order of the answers. What is uncertain is taken for possible here.
*/
:- module(neurosym_proof_order, [ordered_proofs/5]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(pairs)).
:- use_module(goals).
:- use_module(interpreters).
:- use_module('../limits/memory').
:- use_module(translator).

:- thread_local node_/3, general_/3.

%!  ordered_proofs(+Kind, +Template, +Body, +Id, -Found): Found = [found(Value, Ways), ...], each way a list of bodies of
%   one step that a proof rests on: with Kind = each, an element for each proof; with distinct, for each binding of
%   the variables of Body. Raises no_order if a call rests on itself or a cut is met, where there is no such order, or if
%   a term is huge.
ordered_proofs(Kind, Template, Body, Id, Found) :-
    fresh(Run),
    setup_call_cleanup(true, gather(Proofs, proofs(Kind, Run, Template, Body, Id, Proofs), [Found]),
                       ( retractall(node_(Run, _, _)), retractall(general_(Run, _, _)) )).

proofs(Kind, Run, Template, Body, Id, Found) :-
    trie_new(Calls), trie_new(Leaves),
    Search = search(Run, Calls, Leaves, Kind),
    term_variables(Body, Variables),
    each_once(Variables-Template, Node, prove(Body, Id, Search, Node), Search, Answers),
    (   Kind == each
    ->  findall(Greatest-found(Value, [Items]),
                ( member((_-Value)-Proved, Answers), branch(Proved, Run, Greatest, Items, []) ), Keyed),
        keysort(Keyed, Sorted),
        pairs_values(Sorted, Found)
    ;   findall(found(Value, Ways),
                ( member((_-Value)-Proved, Answers), findall(Items, branch(Proved, Run, _, Items, []), Ways) ), Found) ).

fresh(Number) :-
    ( nb_current(neurosym_node, Last) -> true ; Last = 0 ),
    Number is Last + 1,
    nb_setval(neurosym_node, Number).

%   A node is the number of leaf(Items), all(A, B) or any(Nodes); 0 where nothing is needed, and less where denied.
node(What, search(Run, _, _, _), Number) :- fresh(Number), assertz(node_(Run, Number, What)).

%   Only findall/3 has a number for what is certain.
leaf(_, [], search(_, _, _, distinct), 0) :- !.
leaf(Key, Items, Search, Number) :-
    arg(3, Search, Leaves),
    readable(Key),
    (   trie_lookup(Leaves, Key, Number) -> true
    ;   keep(Key), node(leaf(Items), Search, Number), trie_insert(Leaves, Key, Number) ).

both(0, B, _, B) :- !.
both(A, 0, _, A) :- !.
both(A, B, Search, Node) :- A =\= -B, node(all(A, B), Search, Node).

any([Node], _, Node) :- !.
any(Nodes, _, 0) :- member(Node, Nodes), ( Node =:= 0 ; Opposite is -Node, memberchk(Opposite, Nodes) ), !.
any(Nodes, Search, Node) :- node(any(Nodes), Search, Node).

:- meta_predicate each_once(?, ?, 0, +, -).

%   The answers of a goal, each with the node of all its proofs.
each_once(Answer, Node, Goal, Search, Answers) :-
    gather(Answer-Node, Goal, Each),
    grouped(Each, Groups),
    maplist(any_of(Search), Groups, Answers).

any_of(Search, Answer-Nodes, Answer-Node) :- any(Nodes, Search, Node).

grouped(Each, Groups) :-
    keyed(Each, 0, Keyed),
    keysort(Keyed, Sorted),
    (   repeated(Sorted)
    ->  group_pairs_by_key(Sorted, ByKey),
        maplist(first_found, ByKey, Firsts),
        keysort(Firsts, InOrder),
        pairs_values(InOrder, Groups)
    ;   findall(Answer-[Node], member(Answer-Node, Each), Groups) ).

keyed([], _, []).
keyed([Answer-Node|Each], Place, [Key-found(Place, Answer, Node)|Keyed]) :-
    readable(Answer),
    ( ground(Answer) -> Key = Answer ; copy_term(Answer, Key), numbervars(Key, 0, _) ),
    Next is Place + 1,
    keyed(Each, Next, Keyed).

repeated([Key-_|Rest]) :- ( Rest = [Other-_|_], Other == Key -> true ; repeated(Rest) ).

first_found(_-[found(Place, Answer, Node)|More], Place-(Answer-[Node|Nodes])) :- maplist(arg(3), More, Nodes).

%   In a trie a term takes the room of its text.
readable(Term) :- ( small(Term, 200_000) -> true ; throw(no_order) ).

:- meta_predicate call_answers(+, +, ?, 0, +, -).

%   The same for a call that may come again; of an answer, what its variables are bound to. A ground call may have been
%   answered by another.
call_answers(Call, Variables, Node, Goal, Search, Answers) :-
    Search = search(Run, Calls, _, _),
    readable(Call),
    (   trie_lookup(Calls, Call, Known)
    ->  ( Known = answers(Answers) -> true ; throw(no_order) )
    ;   Variables == [], general_(Run, Call, _), answered(Call, Run, Calls, Proved)
    ->  Answers = [[]-Proved], trie_insert(Calls, Call, answers(Answers))
    ;   keep(Call), trie_insert(Calls, Call, open),
        each_once(Variables, Node, Goal, Search, Answers),
        keep(Answers), trie_update(Calls, Call, answers(Answers)),
        ( Variables \== [], ground(Answers) -> assertz(general_(Run, Call, Variables)) ; true ) ).

answered(Call, Run, Calls, Node) :-
    functor(Call, Name, Arity), functor(General, Name, Arity),
    general_(Run, General, Variables), subsumes_term(General, Call),
    trie_lookup(Calls, General, answers(Answers)),
    General = Call, memberchk(Variables-Node, Answers), !.

%!  prove(+Body, +Id, +Search, -Node) is nondet.
prove(true, _, Search, Node) :- leaf(true, [], Search, Node).
prove((A, B), Id, Search, Node) :-
    prove(A, Id, Search, First), prove(B, Id, Search, Second), both(First, Second, Search, Node).
prove(or(A, B), Id, Search, Node) :-
    term_variables(A-B, Variables),
    each_once(Variables, Proof, ( prove(A, Id, Search, Proof) ; prove(B, Id, Search, Proof) ), Search, Answers),
    member(Variables-Node, Answers).
prove(if(C, A, B), Id, Search, Node) :-
    ( certainly_now(once(C), Id) -> prove(A, Id, Search, Node) ; prove(B, Id, Search, Node) ).
prove(cut, _, _, _) :- throw(no_order).
prove(may(Goal), _, Search, Node) :- prove_goal(Goal, Search, Node).
prove(facts(Goal), _, Search, Node) :- prove_goal(Goal, Search, Node).
prove(plain(Goal), _, Search, Node) :- prove_goal(Goal, Search, Node).
prove(sure(Goal), _, Search, Node) :- prove_goal(Goal, Search, Node).
prove(moded(_), _, _, _) :- throw(no_order).
prove(not(Body), Id, Search, Node) :- deny(Body, not(Body), Id, Search, Node).
prove(naf(Body), Id, Search, Node) :- deny(Body, naf(Body), Id, Search, Node).
prove(unproved(Goal), Id, Search, Node) :- deny(sure(Goal), unproved(Goal), Id, Search, Node).
prove(call(Goal, Extra), Id, Search, Node) :- translate_call(Goal, Extra, Id, Body), prove(Body, Id, Search, Node).
prove(undefined(Goal), Id, _, _) :- undefined_goal(Goal, Id).
prove(findall(Template, Body, List, Kind), Id, _, 0) :- certainly_now(findall(Template, Body, List, Kind), Id).
prove(collect(Template, Body, List, Kind), Id, Search, Node) :-
    items_of(collect(Template, Body, List, Kind), Id, Items), node(leaf(Items), Search, Node).
prove(tally(Kind, Template, Body, List, Result), Id, Search, Node) :-
    items_of(tally(Kind, Template, Body, List, Result), Id, Items), node(leaf(Items), Search, Node).
prove(once(Body), Id, Search, Node) :- certainly_now(once(Body), Id), leaf(once(Body), [], Search, Node).
prove(computed(Goal, _, _), Id, Search, Node) :- prove(run(Goal), Id, Search, Node).
prove(run(Goal), Id, Search, Node) :-
    (   predicate_property(Goal, imported_from(lists))    % in ProbLog predicates with facts, each of the body true
    ->  each_once(Goal, Proof, ( run_builtin(Goal, Id), leaf(true, [], Search, Proof) ), Search, Answers)
    ;   gather(Goal-Proof, ( run_builtin(Goal, Id), leaf(Goal, [], Search, Proof) ), Answers) ),
    member(Goal-Node, Answers).
prove(Body, Id, Search, Node) :- possible(Body, Id), leaf(Body, [Body], Search, Node).

%   What is uncertain, in some world.
possible(slot(Name, Slot, Value), Id) :- possible_value(Name, Slot, Value, Id).
possible(choice(Id, _, Variables), _) :- decided(Id, Variables).
possible(net(_, Inputs, Output, Values, Index), Id) :- asked_of_network(Inputs, Id), nth0(Index, Values, Output).

deny(Body, Denial, Id, Search, Node) :-
    tested(Body),
    gather(Proof, prove(Body, Id, Search, Proof), Proofs0),
    (   Proofs0 == [] -> Node = 0
    ;   sort(Proofs0, Proofs),
        any(Proofs, Search, Denied), Denied =\= 0, Node is -Denied,
        arg(1, Search, Run),
        ( node_(Run, Node, _) -> true ; assertz(node_(Run, Node, leaf([Denial]))) ) ).

prove_goal(Goal, Search, Node) :-
    term_variables(Goal, Variables),
    call_answers(Goal, Variables, Proof, ( rule(Goal, Body, Id), prove_rule(Body, Id, Search, Proof) ), Search, Answers),
    member(Variables-Node, Answers).

%   The body of a probabilistic clause is a call of its own, which its heads share.
prove_rule((Body, Choice), Id, Search, Node) :- Choice = choice(Id, _, Variables), !,
    term_variables(Variables, Free),
    call_answers('$body'(Id, Variables), Free, Proof, prove(Body, Id, Search, Proof), Search, Answers),
    member(Free-First, Answers),
    prove(Choice, Id, Search, Second),
    both(First, Second, Search, Node).
prove_rule(fact(Ref), _, Search, Node) :- !, leaf(fact(Ref), [], Search, Node).
prove_rule(Body, Id, Search, Node) :- prove(Body, Id, Search, Node).

%   Of the clauses that match, ProbLog takes those first that name the last argument that is ground.
rule(Goal, Body, Id) :-
    findall(Reference, clause(neurosym_clauses:clause_(Goal, _, _), true, Reference), Matching),
    (   Matching = [_, _|_], last_ground(Goal, Place)
    ->  partition(names(Place), Matching, Naming, Others), append(Naming, Others, Ordered)
    ;   Ordered = Matching ),
    member(Reference, Ordered),
    clause(neurosym_clauses:clause_(Goal, Body0, Id), true, Reference),
    (   Body0 == true, clause(neurosym_clauses:clause_(Fact, _, _), true, Reference), ground(Fact)
    ->  Body = fact(Reference)
    ;   Body = Body0 ).

last_ground(Goal, Place) :-
    functor(Goal, _, Arity),
    between(1, Arity, Back), Place is Arity + 1 - Back,
    arg(Place, Goal, Argument), ground(Argument), !.

names(Place, Reference) :-
    clause(neurosym_clauses:clause_(Head, _, _), true, Reference), arg(Place, Head, Argument), ground(Argument).

%!  branch(+Node, +Run, -Greatest, -Items, ?Rest) is nondet: a proof.
branch(0, _, 0, Items, Items) :- !.
branch(Node, Run, Greatest, Items0, Items) :-
    node_(Run, Node, What),
    branch(What, Node, Run, Greatest, Items0, Items).

branch(leaf(Own), Node, _, Node, Items0, Items) :- append(Own, Items, Items0).
branch(all(A, B), Node, Run, Greatest, Items0, Items) :-
    branch(A, Run, GreatestA, Items0, Items1), branch(B, Run, GreatestB, Items1, Items),
    Greatest is max(Node, max(GreatestA, GreatestB)).
branch(any(Nodes), _, Run, Greatest, Items0, Items) :- member(Node, Nodes), branch(Node, Run, Greatest, Items0, Items).
