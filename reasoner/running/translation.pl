/*  Goals of a program, translated so that whatever they call is allowed: what is known as the text is read is decided
    then, what only becomes known as the program runs is decided when it is called.
*/
:- module(neurosym_translation, [translated/3, closed/4, forget_program/0, define/2, defined/2, import/3, imported/3, module_of/2, of_the_user/3,
                                 name_module/2]).
:- use_module(library(lists)).
:- use_module(allowed).

:- dynamic defined_/3, imported_/4, named_/2.

%!  forget_program: no program is loaded.
forget_program :- retractall(defined_(_, _, _)), retractall(imported_(_, _, _, _)), retractall(named_(_, _)).

%!  define(+Module, +Name/Arity): the program defines it.
define(Module, Name/Arity) :- ( defined_(Name, Arity, Module) -> true ; assertz(defined_(Name, Arity, Module)) ).

%!  defined(?Module, ?Name/Arity): see define/2.
defined(Module, Name/Arity) :- defined_(Name, Arity, Module).

%!  import(+Module, +Name/Arity, +From): a module of the program uses what another one exports.
import(Module, Name/Arity, From) :-
    ( imported_(Name, Arity, Module, From) -> true ; assertz(imported_(Name, Arity, Module, From)) ).

%!  imported(+Module, ?Name/Arity, -From): see import/3.
imported(Module, Name/Arity, From) :- imported_(Name, Arity, Module, From).

%!  name_module(+Name, +Module): what a program calls Name is loaded as Module.
name_module(Name, Module) :- retractall(named_(Name, _)), assertz(named_(Name, Module)).

%!  module_of(+Name, -Module): see name_module/2.
module_of(Name, Module) :- atom(Name), named_(Name, Module).

%!  translated(+Goal, +Module, -Translated): to be called in Module.
translated(Goal, Module, neurosym_calls:goal(Module, Goal)) :- var(Goal), !.
translated((A0, B0), Module, (A, B)) :- !, translated(A0, Module, A), translated(B0, Module, B).
translated((A0 ; B0), Module, (A ; B)) :- !, translated(A0, Module, A), translated(B0, Module, B).
translated((A0 -> B0), Module, (A -> B)) :- !, translated(A0, Module, A), translated(B0, Module, B).
translated((A0 *-> B0), Module, (A *-> B)) :- !, translated(A0, Module, A), translated(B0, Module, B).
translated(\+ A0, Module, \+ A) :- !, translated(A0, Module, A).
translated(!, _, !) :- !.
translated(Goal, _, throw(error(type_error(callable, Goal), _))) :- \+ callable(Goal), !.
translated(Qualifier:Goal, Module, Translated) :- !,
    (   ( var(Qualifier) ; var(Goal) ) -> Translated = neurosym_calls:goal(Module, Qualifier:Goal)
    ;   module_of(Qualifier, Own) -> translated(Goal, Own, Inner), Translated = Own:Inner
    ;   functor(Goal, Name, Arity), library_goal(Name/Arity, Qualifier)
    ->  outside(Goal, Module, Translated)
    ;   functor(Goal, Name, Arity), Translated = neurosym_calls:refuse(Qualifier:Name/Arity) ).
translated(Goal, Module, Translated) :- calls(Goal, Closure, Extra), !,
    (   Extra == [] -> ( var(Closure) -> translated(Closure, Module, Translated)
                       ; translated(Closure, Module, Inner), Translated = call(Inner) )
    ;   var(Closure) -> Translated = neurosym_calls:goal(Module, Goal)
    ;   length(Extra, Count), closed(Closure, Count, Module, Inner), Translated =.. [call, Inner|Extra] ).
translated(Goal, Module, Translated) :-
    functor(Goal, Name, Arity),
    (   defined_(Name, Arity, Module) -> Translated = Goal
    ;   imported_(Name, Arity, Module, From) -> Translated = From:Goal
    ;   of_the_user(Name, Arity, User) -> Translated = User:Goal
    ;   outside(Goal, Module, Translated) ).

%!  of_the_user(+Name, +Arity, -Module): what no module defines may be of the program itself, as in Prolog.
of_the_user(Name, Arity, Where) :-
    named_(user, User),
    ( defined_(Name, Arity, User) -> Where = User ; imported_(Name, Arity, User, Where) ).

calls(Goal, Closure, Extra) :- compound(Goal), compound_name_arguments(Goal, call, [Closure|Extra]).

%   What a library of Prolog's own defines may be called by its name.
library_goal(Indicator, Library) :-
    (   plain(Indicator, Library) -> true
    ;   meta(Indicator, Library:_) -> true
    ;   memberchk(Library, [clpfd, user, system, prolog, lists, apply, yall, dcg_basics]),
        ( plain(Indicator, _) ; meta(Indicator, _) ; replaced(Indicator, _) ) ), !.

%   Of what the program does not define.
outside(Goal, Module, Translated) :-
    functor(Goal, Name, Arity),
    (   replaced(Name/Arity, Way) -> instead(Way, Goal, Module, Translated)
    ;   meta(Name/Arity, Library:Specification)
    ->  Goal =.. [_|Arguments0], Specification =.. [_|Kinds],
        (   too_early(Arguments0, Kinds)
        ->  Translated = neurosym_calls:goal_with_goals(Module, Goal)
        ;   arguments(Arguments0, Kinds, Module, Arguments), Inner =.. [Name|Arguments],
            qualified(Library, Inner, Translated) )
    ;   plain(Name/Arity, Library) -> qualified(Library, Goal, Translated)
    ;   Translated = neurosym_calls:late(Module, Goal) ).

qualified(system, Goal, Goal) :- !.
qualified(Library, Goal, Library:Goal).

instead(to(Library), Goal, _, Library:Goal).
instead(in(Library), Goal0, Module, Library:Goal) :- Goal0 =.. [Name|Arguments], Goal =.. [Name, Module|Arguments].

too_early([Argument|Arguments], [Kind|Kinds]) :-
    ( Kind \== ?, var(Argument) -> true ; too_early(Arguments, Kinds) ).

%!  arguments(+Arguments0, +Kinds, +Module, -Arguments): of a meta-predicate.
arguments([], [], _, []).
arguments([Argument0|Arguments0], [Kind|Kinds], Module, [Argument|Arguments]) :-
    argument(Kind, Argument0, Module, Argument),
    arguments(Arguments0, Kinds, Module, Arguments).

argument(?, Argument, _, Argument) :- !.
argument(0, Goal, Module, Module:Translated) :- !, translated(Goal, Module, Translated).
argument(^, Goal, Module, Translated) :- !, behind(Goal, Module, Translated).
argument(//, Body, Module, Module:Body) :- !.
argument(Count, Closure, Module, Translated) :- closed(Closure, Count, Module, Translated).

behind(Goal, Module, neurosym_calls:goal(Module, Goal)) :- var(Goal), !.
behind(Variable^Goal, Module, Variable^Translated) :- !, behind(Goal, Module, Translated).
behind(Goal, Module, Module:Translated) :- translated(Goal, Module, Translated).

%!  closed(+Closure, +Count, +Module, -Translated): a goal with Count arguments to come.
closed(Closure, _, _, Closure) :- var(Closure), !.
closed(Qualifier:Closure, Count, Module, Translated) :- !,
    (   module_of(Qualifier, Own) -> closed(Closure, Count, Own, Translated)
    ;   Translated = neurosym_calls:closure(Module, Qualifier:Closure) ).
closed(Lambda, Count, Module, yall:Translated) :- lambda(Lambda, Count, Module, Translated), !.
closed(Closure, Count, Module, Translated) :-
    callable(Closure),
    functor(Closure, Name, Given), Arity is Given + Count,
    \+ control(Name, Arity),
    (   defined_(Name, Arity, Module) -> Translated = Module:Closure
    ;   imported_(Name, Arity, Module, From) -> Translated = From:Closure
    ;   of_the_user(Name, Arity, User) -> Translated = User:Closure
    ;   replaced(Name/Arity, Way) -> instead(Way, Closure, Module, Translated)
    ;   meta(Name/Arity, Library:Specification)
    ->  Closure =.. [_|Arguments0], Specification =.. [_|Kinds0],
        length(Kinds, Given), append(Kinds, Later, Kinds0), \+ ( member(Kind, Later), Kind \== ? ),
        \+ too_early(Arguments0, Kinds),
        arguments(Arguments0, Kinds, Module, Arguments), Inner =.. [Name|Arguments],
        Translated = Library:Inner
    ;   plain(Name/Arity, Library) -> Translated = Library:Closure ), !.
closed(Closure, _, Module, neurosym_calls:closure(Module, Closure)).

control(call, _).
control(Name, Arity) :- memberchk(Name/Arity, [(',')/2, (;)/2, (->)/2, (*->)/2, (\+)/1, (:)/2, (^)/2, (!)/0, (>>)/2]).

lambda(Free/Lambda0, Count, Module, Free/Lambda) :- !, nonvar(Lambda0),
    ( lambda(Lambda0, Count, Module, Lambda) -> true ; closed(Lambda0, Count, Module, Lambda) ).
lambda(Parameters>>Body0, Count, Module, Parameters>>Body) :-
    is_list(Parameters), length(Parameters, Bound),
    (   Count =< Bound -> translated(Body0, Module, Body1), Body = Module:Body1
    ;   nonvar(Body0), Rest is Count - Bound, closed(Body0, Rest, Module, Body) ).
