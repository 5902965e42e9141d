% Predicates of ProbLog's libraries in Prolog, read like a program and given to the programs that call them.
maplist(_, []).
maplist(P, [A|As]) :- call(P, A), maplist(P, As).
maplist(_, [], []).
maplist(P, [A|As], [B|Bs]) :- call(P, A, B), maplist(P, As, Bs).
maplist(_, [], [], []).
maplist(P, [A|As], [B|Bs], [C|Cs]) :- call(P, A, B, C), maplist(P, As, Bs, Cs).
maplist(_, [], [], [], []).
maplist(P, [A|As], [B|Bs], [C|Cs], [D|Ds]) :- call(P, A, B, C, D), maplist(P, As, Bs, Cs, Ds).
foldl(_, [], R, R).
foldl(P, [A|As], R0, R) :- call(P, A, R0, R1), foldl(P, As, R1, R).
foldl(_, [], [], R, R).
foldl(P, [A|As], [B|Bs], R0, R) :- call(P, A, B, R0, R1), foldl(P, As, Bs, R1, R).
foldl(_, [], [], [], R, R).
foldl(P, [A|As], [B|Bs], [C|Cs], R0, R) :- call(P, A, B, C, R0, R1), foldl(P, As, Bs, Cs, R1, R).
scanl(_, [], _, []).
scanl(P, [A|As], R0, [R|Rs]) :- call(P, A, R0, R), scanl(P, As, R, Rs).
scanl(_, [], [], _, []).
scanl(P, [A|As], [B|Bs], R0, [R|Rs]) :- call(P, A, B, R0, R), scanl(P, As, Bs, R, Rs).
include(_, [], []).
include(P, [A|As], [A|Bs]) :- call(P, A), include(P, As, Bs).
include(P, [A|As], Bs) :- \+ call(P, A), include(P, As, Bs).
exclude(_, [], []).
exclude(P, [A|As], [A|Bs]) :- \+ call(P, A), exclude(P, As, Bs).
exclude(P, [A|As], Bs) :- call(P, A), exclude(P, As, Bs).
partition(_, [], [], []).
partition(P, [A|As], [A|Bs], Cs) :- call(P, A), partition(P, As, Bs, Cs).
partition(P, [A|As], Bs, [A|Cs]) :- \+ call(P, A), partition(P, As, Bs, Cs).
partition(_, [], [], [], []).
partition(P, [A|As], [A|Bs], Cs, Ds) :- call(P, A, <), partition(P, As, Bs, Cs, Ds).
partition(P, [A|As], Bs, [A|Cs], Ds) :- call(P, A, =), partition(P, As, Bs, Cs, Ds).
partition(P, [A|As], Bs, Cs, [A|Ds]) :- call(P, A, >), partition(P, As, Bs, Cs, Ds).
convlist(_, [], []).
convlist(P, [A|As], [B|Bs]) :- call(P, A, B), convlist(P, As, Bs).
convlist(P, [A|As], Bs) :- \+ call(P, A, _), convlist(P, As, Bs).

% Of library(lists).
prefix(Start, List) :- append(Start, _, List).

% Of library(string): a text is an atom or a string.
concat(Parts, Text) :- join('', Parts, Text).
join(_, [], '').
join(Between, [Part|Parts], Text) :-
    atom_chars(Part, Chars), atom_chars(Between, Bs), '$joined'(Parts, Bs, More), append(Chars, More, All),
    atom_chars(Text, All).
'$joined'([], _, []).
'$joined'([Part|Parts], Between, Chars) :-
    atom_chars(Part, Own), '$joined'(Parts, Between, More), append([Between, Own, More], Chars).
str2lst(Text, Chars) :- atom_chars(Text, Chars).
lst2str(Chars, Text) :- concat(Chars, Text).
str2int(Text, Number) :- atom_codes(Text, Codes), number_codes(Number, Codes).

% Nested inference: the probability of a goal, given a list of goals.
subquery(Goal, P) :- subquery(Goal, P, []).
subquery(Goal, P, Evidence) :- '$subquery'(Goal, Evidence, Found), member(Goal-P, Found).

subquery(Goal, P, Evidence, Semiring, Evaluator) :- '$counted'(Semiring, Evaluator), subquery(Goal, P, Evidence).

% Of the engine.
try_call(Goal) :- '$known'(Goal), call(Goal).
primitive(X) :- atomic(X).
simple(X) :- var(X).
simple(X) :- atomic(X).
subsumes_chk(General, Special) :- subsumes_term(General, Special).
rational(_) :- fail.
nocache(_, _).

% One element, each as probable as its weight; the identifier tells draws apart.
select_uniform(Id, Values, Value, Rest) :-
    length(Values, Length), Length > 0, Weight is 1 / Length,
    findall(Weight, member(_, Values), Weights),
    select_weighted(Id, Weights, Values, Value, Rest).
select_weighted(Id, Weighted, Value, Rest) :-
    findall(W, member((W, _), Weighted), Weights), findall(V, member((_, V), Weighted), Values),
    select_weighted(Id, Weights, Values, Value, Rest).
select_weighted(Id, Weights, Values, Value, Rest) :-
    sum_list(Weights, Total), Total > 0, '$drawn'(Id, Total, Weights, Values, Value, Rest).
'$drawn'(_, _, [_], [V], V, []).
'$drawn'(Id, Total, [W|Ws], [V|Vs], V, Vs) :- Vs \= [], Share is W / Total, '$draw'(Id, Share, Ws, V, Vs).
'$drawn'(Id, Total, [W|Ws], [V|Vs], Value, [V|Rest]) :-
    Vs \= [], Share is W / Total, \+ '$draw'(Id, Share, Ws, V, Vs),
    Left is Total - W, '$drawn'(Id, Left, Ws, Vs, Value, Rest).
P::'$draw'(_, P, _, _, _).
enum_groups(Pairs, Group, Values) :-
    findall(G, member((G, _), Pairs), Groups), list_to_set(Groups, Set), member(Group, Set),
    findall(V, (member((G, V), Pairs), G == Group), Values).
enum_groups(Groups, All, Group, Values) :-
    list_to_set(Groups, Set), member(Group, Set),
    findall(V, (nth0(I, Groups, G), G == Group, nth0(I, All, V)), Values).

% Of library(aggregate): a head such as total(Group, sum<Value>) calls it.
aggregate(Function, Value, Group, Body, (Group, Result)) :-
    all(t(Group, Body, Value), Body, Found),
    findall(G, member(t(G, _, _), Found), Groups), list_to_set(Groups, Set), member(Group, Set),
    findall(V, (member(t(G, _, V), Found), G == Group), Values),
    '$aggregated'(Function, Values, Result).
'$aggregated'(avg, Values, Result) :- sum_list(Values, Sum), length(Values, Count), Result is Sum / Count.
'$aggregated'(sum, Values, Result) :- sum_list(Values, Result).
'$aggregated'(min, Values, Result) :- min_list(Values, Result).
'$aggregated'(max, Values, Result) :- max_list(Values, Result).
'$aggregated'(count, Values, Result) :- length(Values, Result).
'$aggregated'(Function, Values, Result) :-
    \+ member(Function, [avg, sum, min, max, count]), call(Function, Values, Result).

% Of library(collect): Goal => Group/list(Value, List), and any collect_Name/N of the program.
'=>'(Block, Group/Collector) :- '$collected'(Block, Group, Collector).
'=>'(Block, Collector) :- Collector \= _/_, '$collected'(Block, none, Collector).
'$collected'(Block, Group, Collector) :-
    Collector =.. [Name|Arguments], concat([collect_, Name], Collects),
    Goal =.. [Collects, Block, Group|Arguments], call(Goal).
collect_list(Block, Value, List) :- collect_list(Block, none, Value, List).
collect_list(Block, Group, Value, List) :- collectgroup(Block, Value, Group, List).
collectgroup(Block, Value, Group, Values) :-
    all_or_none((Group, Value), Block, Pairs), enum_groups(Pairs, Group, Values).

% Of library(cut): the first rule, by its first argument, that succeeds.
cut(Goal) :- cut(Goal, _).
cut(Goal, Index) :-
    Goal =.. [Name|Arguments], Called =.. [Name, Index|Arguments],
    '$indices'(Called, Indices), '$first'(Indices, Index, Called).
'$first'([Index|_], Index, Called) :- call(Called).
'$first'([Other|Indices], Index, Called) :- \+ (Other = Index, call(Called)), '$first'(Indices, Index, Called).

% Of library(control).
on_fail(Goal, _) :- call(Goal).
on_fail(Goal, Else) :- \+ call(Goal), call(Else).
