/*  Terms of bounded depth: long chains of one associative operation, as loops build them, become balanced trees.

    What reads the terms afterwards may then recurse over them.
*/
:- module(neurosym_constraint_balancing, [shallow/3]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(terms), [term_size/2]).
:- use_module(operators).

most_levels(100).

%!  shallow(+Term, +Place, -Shallow): the same, nested at most 100 deep, or refused.
shallow(Term, _, Term) :- term_size(Term, Cells), Cells < 200, !.    % a level takes two of them at least
shallow(Term, _, Term) :- most_levels(Most), within(Term, Most), !.
shallow(Term, _, Shallow) :- balanced(Term, Shallow), most_levels(Most), within(Shallow, Most), !.
shallow(Term, Place, _) :- functor(Term, Name, Arity), throw(refused(deep, Place, Name/Arity)).

within(Term, _) :- \+ compound(Term), !.
within(Term, _) :- is_list(Term), maplist(atomic, Term), !.
within(Term, Levels) :- is_list(Term), !, Levels > 0, Less is Levels - 1, all_within(Term, Less).
within(Term, Levels) :-
    Levels > 0, Less is Levels - 1,
    compound_name_arguments(Term, _, Arguments),
    all_within(Arguments, Less).

all_within([], _).
all_within([Term|Terms], Levels) :- within(Term, Levels), all_within(Terms, Levels).

balanced(Term, Term) :- \+ compound(Term), !.
balanced(Term, Balanced) :- chained(Term, Name), !,
    operands([Term], Name, Operands),
    maplist(balanced, Operands, Parts),
    tree(Parts, Name, Balanced).
balanced(Term, Balanced) :-
    compound_name_arguments(Term, Name, Arguments),
    maplist(balanced, Arguments, Parts),
    compound_name_arguments(Balanced, Name, Parts).

chained(_ + _, +).
chained(_ - _, +).
chained(_ * _, *).
chained(max(_, _), max).
chained(min(_, _), min).
chained(_ #/\ _, #/\).
chained(_ #\/ _, #\/).
chained(_ #\ _, #\).
chained(_ #<==> _, #<==>).

%   The operands of a chain, from left to right.
operands([], _, []).
operands([Term|Terms], Name, Operands) :- chained(Term, Name), !,
    (   Term = A - B -> Parts = [A, -(B)] ; Term =.. [_|Parts] ),
    append(Parts, Terms, More),
    operands(More, Name, Operands).
operands([Term|Terms], Name, [Term|Operands]) :- operands(Terms, Name, Operands).

tree([Part], _, Part) :- !.
tree(Parts, Name, Tree) :-
    length(Parts, Count), Half is Count // 2,
    length(First, Half), append(First, Second, Parts), !,
    tree(First, Name, Left), tree(Second, Name, Right),
    Tree =.. [Name, Left, Right].
