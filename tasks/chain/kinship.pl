% Who is what to whom: sentences tell what the second person is to the first, in words that a network reads.
% A relation is some generations up, then some down: uncle is 2 up and 1 down. Marriage before or after makes in-laws.
nn(sentence, [S], E) :: meaning(S, E).
nn(relation, [E], R, [child, parent, sibling, grandchild, grandparent, nephew, uncle, so,
                      child_in_law, parent_in_law, sibling_in_law]) :: relation(E, R).
:- dynamic told/3, gender/2.

kin(X, Y, Word) :-
    once(route(X, Y, Route)), along(Route, own(0, 0), Way),
    called(Way, Relation), gender(Y, Gender), word(Relation, Gender, Word).

% The shortest chain of sentences.
route(X, Y, Route) :- between(1, 12, Length), length(Route, Length), chain(X, Y, [X], Route).
chain(X, Y, _, [Step]) :- step(X, Y, Step).
chain(X, Y, Seen, [Step, Next|Route]) :- step(X, Z, Step), \+ member(Z, Seen), chain(Z, Y, [Z|Seen], [Next|Route]).
step(X, Y, forth(S)) :- told(S, X, Y).
step(X, Y, back(S)) :- told(S, Y, X).

along([], Way, Way).
along([Step|Steps], Way0, Way) :- read(Step, Relation), joined(Relation, Way0, Way1), along(Steps, Way1, Way).
read(forth(S), Relation) :- meaning(S, E), relation(E, Relation).
read(back(S), Relation) :- meaning(S, E), relation(E, Inverse), inverse(Inverse, Relation).

% Up cancels what went down before: a child's uncle is a sibling.
joined(Relation, Way0, Way) :- move(Relation, Up, Down), moved(Way0, Up, Down, Way).
joined(so, Way0, Way) :- married(Way0, Way).
joined(child_in_law, Way0, Way) :- moved(Way0, 0, 1, Way1), married(Way1, Way).
joined(parent_in_law, Way0, Way) :- married(Way0, Way1), moved(Way1, 1, 0, Way).
joined(sibling_in_law, Way0, Way) :- married(Way0, Way1), moved(Way1, 1, 1, Way).

move(child, 0, 1). move(grandchild, 0, 2). move(parent, 1, 0). move(grandparent, 2, 0).
move(sibling, 1, 1). move(uncle, 2, 1). move(nephew, 1, 2).

moved(own(A, B), Up, Down, own(C, D)) :- sum(A, B, Up, Down, C, D).
moved(spouse_of(A, B), 0, Down, own(A, D)) :- D is B + Down, Down > 0.
moved(of_spouse(A, B), Up, Down, Way) :- sum(A, B, Up, Down, C, D), of_spouse(C, D, Way).
sum(A, B, Up, Down, C, D) :- Cancelled is min(B, Up), C is A + Up - Cancelled, D is B - Cancelled + Down, C < 4, D < 4.
of_spouse(0, D, own(0, D)).    % what my spouse's children are to me
of_spouse(1, 0, of_spouse(1, 0)).
of_spouse(1, 1, of_spouse(1, 1)).
of_spouse(C, D, own(C, D)) :- C > 0, D > 1.

married(own(0, 0), of_spouse(0, 0)).
married(own(0, B), spouse_of(0, B)) :- B > 0.
married(own(1, 1), spouse_of(1, 1)).
married(own(A, 0), own(A, 0)) :- A > 0.
married(own(A, B), own(A, B)) :- A > 0, B > 0, \+ (A = 1, B = 1).
married(spouse_of(A, B), own(A, B)).
married(of_spouse(0, 0), own(0, 0)).
married(of_spouse(1, B), of_spouse(1, B)).

called(own(0, 1), child). called(own(0, 2), grandchild). called(own(1, 0), parent). called(own(2, 0), grandparent).
called(own(1, 1), sibling). called(own(2, 1), uncle). called(own(1, 2), nephew). called(own(0, 0), so).
called(of_spouse(0, 0), so). called(of_spouse(1, 0), parent_in_law). called(of_spouse(1, 1), sibling_in_law).
called(spouse_of(0, 1), child_in_law). called(spouse_of(1, 1), sibling_in_law).

inverse(child, parent). inverse(parent, child). inverse(sibling, sibling). inverse(grandchild, grandparent).
inverse(grandparent, grandchild). inverse(nephew, uncle). inverse(uncle, nephew). inverse(so, so).
inverse(child_in_law, parent_in_law). inverse(parent_in_law, child_in_law). inverse(sibling_in_law, sibling_in_law).

word(child, male, son). word(child, female, daughter). word(parent, male, father). word(parent, female, mother).
word(sibling, male, brother). word(sibling, female, sister). word(grandchild, male, grandson).
word(grandchild, female, granddaughter). word(grandparent, male, grandfather). word(grandparent, female, grandmother).
word(nephew, male, nephew). word(nephew, female, niece). word(uncle, male, uncle). word(uncle, female, aunt).
word(so, male, husband). word(so, female, wife). word(child_in_law, male, son_in_law).
word(child_in_law, female, daughter_in_law). word(parent_in_law, male, father_in_law).
word(parent_in_law, female, mother_in_law). word(sibling_in_law, male, brother_in_law).
word(sibling_in_law, female, sister_in_law).
