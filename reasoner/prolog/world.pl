/*  What a request takes for granted: one world, if one is installed; whether an atom stands for one call only; and what
    slots, choices and networks can say.
*/
:- module(neurosym_world,
          [ install_world/1, forget_world/0, tell_calls_apart/0, calls_apart/0, tested/1, collected/2, listed/2, key/3,
            slot_value/4, possible_value/4, decided/2, asked_of_network/2, choice_fact/5, choice_text/4, head_text/5,
            fact_/3 ]).
:- set_prolog_flag(optimise, true).
:- use_module(library(lists)).
:- use_module(json_writer).
:- use_module(translator).

%!  fact_(?Domain, ?Slot, ?Value): what the installed world says.
:- thread_local fact_/3, world_/0, by_call_/0.

%!  forget_world: at the end of a request.
forget_world :- retractall(fact_(_, _, _)), retractall(world_), retractall(by_call_).

%!  install_world(+Facts): each slot has one value, given as fact(Domain, Slot, Value), of a choice as of(ClauseId, Text).
install_world(Facts) :-
    assertz(world_),
    forall(member(fact(Name, Slot, Value), Facts), assertz(fact_(Name, Slot, Value))).

/*  One atom may stand for several calls as long as what is true of a call is true of its instances. A goal that tells
    a variable from its instances ends that: the ground program is written again, with an atom for each call.
*/

%!  tested(+Goal): a goal that is run as a test is to hold no variables, or calls are told apart.
tested(Goal) :- ( ground(Goal) -> true ; told_apart ).

%!  collected(+Template, +Goal): the same of what is collected, its own variables aside.
collected(_, Goal) :- ground(Goal), !.
collected(Template, Goal) :-
    term_variables(Template, Own), term_variables(Goal, Free),
    ( member(Variable, Free), \+ ( member(Other, Own), Other == Variable ) -> told_apart ; true ).

%!  listed(+List, +Id): as in Prolog what is collected is a list, or is to become one.
listed(List, Id) :-
    '$skip_list'(_, List, Tail),
    ( ( var(Tail) ; Tail == [] ) -> true ; throw(stopped(no_list, Id, List)) ).

%!  tell_calls_apart: from now on an atom stands for one call only.
tell_calls_apart :- assertz(by_call_).

%!  calls_apart: it was said.
calls_apart :- by_call_, !.

told_apart :- ( ( by_call_ ; world_ ) -> true ; throw(told_apart) ).

%!  slot_value(+Name, +Slot, ?Value, +Id) is nondet: a value of a slot, the one there is where a world is installed.
slot_value(Name, Slot, Value, Id) :-
    possible_value(Name, Slot, Value, Id),
    ( world_ -> fact_(Name, Slot, Value) ; true ).

%!  possible_value(+Name, +Slot, ?Value, +Id) is nondet: in some world.
possible_value(Name, Slot, Value, Id) :-
    (   integer(Slot), Slot >= 0 -> true
    ;   Goal =.. [Name, Slot, Value], throw(stopped(slot, Id, Goal)) ),
    domain_(Name, Values), ( integer(Value) -> memberchk(Value, Values) ; member(Value, Values) ).

%!  decided(+Id, +Variables): the variables that tell the instances of a choice apart are bound.
decided(Id, Variables) :- ( ground(Variables) -> true ; clause_(Head, _, Id), throw(stopped(nonground, Id, Head)) ).

%!  asked_of_network(+Inputs, +Id): so are the inputs of a network.
asked_of_network(Inputs, Id) :- ( ground(Inputs) -> true ; throw(stopped(input, Id, Inputs)) ).

%!  choice_fact(+Id, +Number, +Variables, -Name, -Slot): in the installed world this head was chosen.
choice_fact(Id, Number, Variables, Name, Slot) :-
    choice_text(Id, Number, Variables, Text),
    fact_(Name, Slot, of(Id, Text0)), atom_string(Text0, Text), !.

%!  key(+Call, +Atom, -Key): in the ground program.
key(Call, Atom, Key) :- ( by_call_, Call \=@= Atom -> Key = called(Call, Atom) ; Key = atom(Atom) ).

%!  choice_text(+Id, +Number, +Variables, -Text): the clause instance as text, which tells it from its sisters.
choice_text(Id, Number, Variables, Text) :-
    chance_(Id, Variables, Pairs, Body), chance_(Id, Free, FreePairs, _),
    nth0(Number, Pairs, Pair), nth0(Number, FreePairs, FreePair),
    head_text(Body, Free, Pair, FreePair, Text).

%!  head_text(+Body, +Free, +Pair, +FreePair, -Text): the head alone, where its variables are all that tell the instances of the clause apart.
head_text(Body, Free, _-Head, _-FreeHead, Text) :-
    (   Body == true -> term_text(Head, Text)
    ;   term_variables(FreeHead, InHead), length(InHead, A), length(Free, B), A =:= B
    ->  term_text(Head, Text)
    ;   term_text((Head :- Body), Text) ).
