/*  The built-in predicates that programs may use, and which of them tell a variable from what it may become. */
:- module(neurosym_builtins, [builtin/1, nonlogical/1, printing/1, goal_arguments/2]).
:- use_module(library(lists)).

%!  builtin(+Goal): pure, without side effects, allowed in programs unless the program defines its own.
builtin(true).
builtin(fail).
builtin(false).
builtin(_ = _).
builtin(_ \= _).
builtin(_ == _).
builtin(_ \== _).
builtin(_ @< _).
builtin(_ @> _).
builtin(_ @=< _).
builtin(_ @>= _).
builtin(compare(_, _, _)).
builtin(_ is _).
builtin(_ < _).
builtin(_ > _).
builtin(_ =< _).
builtin(_ >= _).
builtin(_ =:= _).
builtin(_ =\= _).
builtin(between(_, _, _)).
builtin(succ(_, _)).
builtin(plus(_, _, _)).
builtin(length(_, _)).
builtin(member(_, _)).
builtin(memberchk(_, _)).
builtin(append(_, _, _)).
builtin(append(_, _)).
builtin(nth0(_, _, _)).
builtin(nth1(_, _, _)).
builtin(last(_, _)).
builtin(reverse(_, _)).
builtin(select(_, _, _)).
builtin(selectchk(_, _, _)).
builtin(subtract(_, _, _)).
builtin(permutation(_, _)).
builtin(delete(_, _, _)).
builtin(msort(_, _)).
builtin(sort(_, _)).
builtin(sort(_, _, _, _)).
builtin(list_to_set(_, _)).
builtin(sum_list(_, _)).
builtin(sumlist(_, _)).
builtin(max_list(_, _)).
builtin(min_list(_, _)).
builtin(max_member(_, _)).
builtin(min_member(_, _)).
builtin(numlist(_, _, _)).
builtin(is_list(_)).
builtin(var(_)).
builtin(nonvar(_)).
builtin(ground(_)).
builtin(integer(_)).
builtin(float(_)).
builtin(number(_)).
builtin(atom(_)).
builtin(atomic(_)).
builtin(compound(_)).
builtin(functor(_, _, _)).
builtin(arg(_, _, _)).
builtin(_ =.. _).
builtin(atom_length(_, _)).
builtin(atom_chars(_, _)).
builtin(atom_codes(_, _)).
builtin(char_code(_, _)).
builtin(number_codes(_, _)).
builtin(atom_number(_, _)).
builtin(flatten(_, _)).
builtin(union(_, _, _)).
builtin(intersection(_, _, _)).
builtin(subset(_, _)).
builtin(same_length(_, _)).
builtin(callable(_)).
builtin(string(_)).
builtin(nth0(_, _, _, _)).
builtin(nth1(_, _, _, _)).
builtin(subsumes_term(_, _)).
builtin(select(_, _, _, _)).
builtin(selectchk(_, _, _, _)).
builtin(nextto(_, _, _)).
builtin(is_set(_)).
builtin(proper_length(_, _)).
builtin(copy_term(_, _)).
builtin(term_variables(_, _)).
builtin('$indices'(_, _)).    % of library.pl
builtin('$subquery'(_, _, _)).    % of library.pl
builtin('$computed'(_, _, _)).    % of predicates.py
builtin('$known'(_)).    % of library.pl
builtin('$counted'(_, _)).    % of library.pl
builtin(clause(_, _)).
builtin(clause(_, _, _)).
builtin(Goal) :- printing(Goal).

%!  printing(+Goal): what ProbLog prints while it grounds; here it is true and prints nothing.
printing(nl).
printing(Goal) :- compound(Goal), functor(Goal, Name, _), memberchk(Name, [write, writeln, writenl, print, debugprint]).

%!  nonlogical(+Goal): may hold of an instance and not of the goal itself, or the other way round.
nonlogical(Goal) :-
    functor(Goal, Name, Arity),
    memberchk(Name/Arity,
              [ (\=)/2, (==)/2, (\==)/2, (@<)/2, (@>)/2, (@=<)/2, (@>=)/2, compare/3, var/1, nonvar/1, ground/1,
                integer/1, float/1, number/1, atom/1, atomic/1, compound/1, callable/1, string/1, is_list/1,
                memberchk/2, selectchk/3, selectchk/4, msort/2, sort/2, sort/4, list_to_set/2, subtract/3, delete/3,
                union/3, intersection/3, subset/2, is_set/1, max_member/2, min_member/2, subsumes_term/2, copy_term/2,
                term_variables/2, flatten/2 ]).

%!  goal_arguments(+Goal, -Indices): the arguments that are goals, of control and of what collects.
goal_arguments((_, _), [1, 2]).
goal_arguments((_ ; _), [1, 2]).
goal_arguments((_ -> _), [1, 2]).
goal_arguments(\+ _, [1]).
goal_arguments(not(_), [1]).
goal_arguments(once(_), [1]).
goal_arguments(forall(_, _), [1, 2]).
goal_arguments(findall(_, _, _), [2]).
goal_arguments(all(_, _, _), [2]).
goal_arguments(all_or_none(_, _, _), [2]).
goal_arguments(call(_), [1]).
goal_arguments('$value'(_, _), [1]).
