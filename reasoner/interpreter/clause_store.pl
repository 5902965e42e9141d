/*  The clauses of a program as the interpreters use them, and the facts of a long text, which are stored as they are read.

    A long text is mostly facts of constants. Where all clauses of a predicate are such facts, only its first one goes the way
    of all clauses; the others are stored at once.
*/
:- module(neurosym_clauses, [clause_/3, chance_/4, bulk_/4, forget_clauses/0, store_fact/3, is_plain_fact/3]).
:- use_module('../limits/memory').
:- set_prolog_flag(optimise, true).

:- thread_local clause_/3, chance_/4, bulk_/4.

%!  clause_(?Head, ?Body, ?Id): of the program, the body marked.
%!  chance_(?Id, ?Variables, ?Pairs, ?Body): of the heads of a probabilistic clause.
%!  bulk_(?Name, ?Arity, ?Id, ?Kind): a predicate whose facts are stored as they are read, and the first of them that is
%   certain, and the first one that is not.

%!  forget_clauses: all of them.
forget_clauses :- retractall(clause_(_, _, _)), retractall(chance_(_, _, _, _)), retractall(bulk_(_, _, _, _)).

%!  is_plain_fact(+Term, -Probability, -Head) is semidet: a fact of constants; Probability is none, or a number.
is_plain_fact(Term, Probability, Head) :-
    compound(Term), compound_name_arity(Term, Name, Arity),
    (   Name == (::), Arity =:= 2
    ->  arg(1, Term, Probability), number(Probability), arg(2, Term, Head), compound(Head),
        compound_name_arity(Head, HeadName, HeadArity), plain_head(HeadName, HeadArity, Head)
    ;   Probability = none, Head = Term, plain_head(Name, Arity, Head) ).

plain_head(Name, Arity, Head) :- atom(Name), ( bulk_(Name, Arity, _, _) -> true ; plain_name(Name) ), constants(Arity, Head).

%   Neither an operator nor a question; what else may not be a head is seen at the first fact.
plain_name(Name) :-
    \+ memberchk(Name, [query, evidence, utility, decision]),
    \+ current_op(_, _, neurosym_syntax:Name).

constants(0, _) :- !.
constants(N, Head) :- arg(N, Head, Argument), atomic(Argument), M is N - 1, constants(M, Head).

%!  store_fact(+Probability, +Head, +Id) is semidet: stores a fact; fails if it is the first one of its kind.
store_fact(Probability, Head, Id) :-
    keep(fact(Probability, Head, Id, clause, clause, index)),    % about what a clause takes
    (   Probability == none -> assertz(clause_(Head, true, Id))
    ;   assertz(clause_(Head, choice(Id, 0, []), Id)) ),
    compound_name_arity(Head, Name, Arity),
    ( Probability == none -> Kind = certain ; Kind = chance ),
    (   bulk_(Name, Arity, _, Kind) -> ( Kind == certain -> true ; assertz(chance_(Id, [], [Probability-Head], true)) )
    ;   assertz(bulk_(Name, Arity, Id, Kind)), fail ).
