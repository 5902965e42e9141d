/*  Global constraints of library(clpfd) that are said by simpler ones: what each means, as a list of these.

    A clause of components/2 is all that such a constraint needs: it is then read, posted, solved and explained.
    Definitions follow the catalogue (Beldiceanu, Carlsson, Demassey, Petit, "Global constraint catalogue", 2007).
*/
:- module(neurosym_global_constraints, [global/1, components/2]).
:- use_module(library(apply)).
:- use_module(library(lists)).
:- use_module(library(pairs)).
:- use_module(operators).

%!  global(+Goal): Goal is such a constraint.
global(Goal) :- callable(Goal), functor(Goal, Name, Arity), functor(Head, Name, Arity), \+ \+ clause(components(Head, _), _).

%!  components(+Goal, -Goals) is semidet: fails if the arguments are not those that the constraint takes.
components(chain(Xs, Relation), Goals) :-
    is_list(Xs), memberchk(Relation, [#<, #=<, #>, #>=]),
    findall(I, ( nth1(I, Xs, _), I > 1 ), Places),
    maplist(neighbours(Relation, Xs), Places, Goals).
components(lex_chain(Lists), Goals) :-
    is_list(Lists), maplist(is_list, Lists), maplist(same_length(_), Lists),
    pairs_in_row(Lists, Pairs),
    maplist(not_after, Pairs, Goals).
components(global_cardinality(Xs, Counts), [Xs ins Values|Goals]) :-
    is_list(Xs), is_list(Counts), Counts = [_|_], pairs_keys(Counts, Keys), maplist(integer, Keys),
    foldl(either, Keys, none, Values),
    maplist(counted(Xs), Counts, Lists), append(Lists, Goals).
components(global_cardinality(Xs, Counts, Options), Goals) :-
    is_list(Options),
    components(global_cardinality(Xs, Counts), Counted),
    ( memberchk(cost(Cost, Matrix), Options) -> priced(Xs, Counts, Matrix, Cost, Prices) ; Prices = [] ),
    append(Counted, Prices, Goals).
components(circuit([]), []).
components(circuit(Xs), Goals) :-
    is_list(Xs), length(Xs, N), N > 0,
    Last is N - 1, length(Later, Last),
    foldl(followed([N|Later]), Xs, [0|Later], [], Following),
    append([Xs ins 1..N, all_distinct(Xs), Later ins 1..Last], Following, Goals).
components(serialized(Starts, Durations), [Durations ins 0..sup|Goals]) :-
    is_list(Starts), same_length(Starts, Durations),
    pairs_keys_values(Tasks, Starts, Durations),
    findall(I-J, ( nth1(I, Tasks, _), nth1(J, Tasks, _), I < J ), Pairs),
    maplist(apart(Tasks), Pairs, Goals).
components(cumulative(Tasks), Goals) :- components(cumulative(Tasks, [limit(1)]), Goals).
components(cumulative(Tasks, Options), Goals) :-
    is_list(Tasks), maplist(task, Tasks, Lasts),
    ( memberchk(limit(Limit), Options) -> true ; Limit = 1 ),
    maplist(within(Tasks, Limit), Tasks, Loads), append([Lasts|Loads], Goals0),
    maplist(sensible, Tasks, Sensible), append(Sensible, Goals0, Goals).
components(disjoint2(Rectangles), Goals) :-
    is_list(Rectangles), maplist(rectangle, Rectangles),
    findall(I-J, ( nth1(I, Rectangles, _), nth1(J, Rectangles, _), I < J ), Pairs),
    maplist(beside(Rectangles), Pairs, Goals).
components(automaton(Xs, Nodes, Arcs), [First in Sources, Last in Sinks|Steps]) :-
    is_list(Xs), is_list(Nodes), ground(Nodes), is_list(Arcs), ground(Arcs), forall(member(Arc, Arcs), Arc = arc(_, _, _)),
    findall(S, ( member(source(S), Nodes) ; member(sink(S), Nodes) ; member(arc(S, _, _), Arcs)
               ; member(arc(_, _, S), Arcs) ), States0),
    sort(States0, States),
    ends(source, Nodes, States, Sources), ends(sink, Nodes, States, Sinks),
    findall([I, Label, J], ( member(arc(From, Label, To), Arcs), nth0(I, States, From), nth0(J, States, To) ), Rows),
    forall(member([_, Label, _], Rows), integer(Label)),
    foldl(step(Rows), Xs, Steps, First, Last).

neighbours(Relation, Xs, I, Goal) :- H is I - 1, nth1(H, Xs, A), nth1(I, Xs, B), Goal =.. [Relation, A, B].

pairs_in_row([], []).
pairs_in_row([_], []) :- !.
pairs_in_row([A, B|Rest], [A-B|Pairs]) :- pairs_in_row([B|Rest], Pairs).

not_after(Xs-Ys, Goal) :- lexicographic(Xs, Ys, Goal).

lexicographic([], [], 1).
lexicographic([X|Xs], [Y|Ys], X #< Y #\/ (X #= Y #/\ Rest)) :- lexicographic(Xs, Ys, Rest).

either(Key, none, Key) :- !.
either(Key, Values, Values \/ Key).

counted(Xs, Key-Count, [sum(Marks, #=, Count)|Goals]) :- maplist(mark(Key), Xs, Marks, Goals).

mark(Key, X, Mark, Mark #<==> (X #= Key)).

%   A row of the matrix for each variable, a column for each value.
priced(Xs, Counts, Matrix, Cost, [sum(Costs, #=, Cost)|Goals]) :-
    pairs_keys(Counts, Keys), is_list(Matrix), maplist(same_length(Keys), Matrix),
    maplist(price(Keys), Xs, Matrix, Costs, Lists), append(Lists, Goals).

price(Keys, X, Row, Cost, [element(Place, Keys, X), element(Place, Row, Cost)]).

%   The place of X's successor is one more than X's own, but that of the first, which is last.
followed(Places, X, Place, Goals, [element(X, Places, Next), Next #= Place + 1|Goals]).

apart(Tasks, I-J, S #>= T + E #\/ T #>= S + D) :- nth1(I, Tasks, S-D), nth1(J, Tasks, T-E).

task(task(Start, Duration, End, _, _), End #= Start + Duration).

sensible(task(_, Duration, _, Use, _), Duration #> 0 #/\ Use #>= 0).

%   When a task begins, those that run take no more than the limit.
within(Tasks, Limit, task(Start, _, _, _, _), [sum(Uses, #=<, Limit)|Goals]) :-
    maplist(running(Start), Tasks, Uses, Goals).

running(Time, task(Start, _, End, Use, _), Use * Mark, Mark #<==> (Start #=< Time #/\ Time #< End)).

rectangle(Rectangle) :- compound(Rectangle), functor(Rectangle, _, 4).

beside(Rectangles, I-J, Goal) :-
    nth1(I, Rectangles, A), nth1(J, Rectangles, B),
    A =.. [_, X, W, Y, H], B =.. [_, U, V, Z, K],
    (   forall(member(Side, [W, H, V, K]), ( integer(Side), Side > 0 ))
    ->  Goal = ((X + W #=< U #\/ U + V #=< X) #\/ (Y + H #=< Z #\/ Z + K #=< Y))
    ;   outside(X-W, Y-H, U-V, Z-K, One), outside(Y-H, X-W, Z-K, U-V, Two),
        outside(U-V, Z-K, X-W, Y-H, Three), outside(Z-K, U-V, Y-H, X-W, Four),
        Goal = ((One #/\ Two) #/\ (Three #/\ Four)) ).

%   A second rectangle that begins within the first one's extent lies beside it in the other direction. As library(clpfd)
%   says it, for sides of no length too.
outside(X-W, Y-H, U-_, Z-K, (X #=< U #/\ U #< X + W) #==> (Y + H #=< Z #\/ Z + K #=< Y)).

ends(Kind, Nodes, States, Values) :-
    findall(I, ( Node =.. [Kind, State], member(Node, Nodes), nth0(I, States, State) ), Places),
    foldl(either, Places, none, Values), Values \== none.

step(Rows, X, tuples_in([[From, X, To]], Rows), From, To).
