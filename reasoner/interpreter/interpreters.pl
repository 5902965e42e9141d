/*  What collections ask of the interpreters, which stand above them: the grounder says how each is done. */
:- module(neurosym_interpreters, [certain_now/2, certainly_now/2, items_of/3, instance_of/4, rule_found/3]).
:- multifile certain_now/2, certainly_now/2, items_of/3, instance_of/4, rule_found/3.

%!  certain_now(+Body, +Id) is nondet: a body of which nothing is uncertain holds.
%!  certainly_now(+Body, +Id) is nondet: the same; what is neither true nor false is reported.
%!  items_of(+Body, +Id, -Items) is nondet: what an instance of an uncertain body rests on.
%!  rule_found(+Atom, +Id, +Items): a rule instance for an atom of no predicate of the program.
%!  instance_of(?Atom, ?Call, -Id, -Items) is nondet: a rule instance that was found.
