"""Programs of DeepProbLog's kind, rules and data in our own words, are read, grounded and trained for a step."""

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

import tasks.chain.deepproblog as task
from tasks.chain.ported_programs import PORTS, Port

DIGIT = "nn(mnist_net, [X], Y, [0,1,2,3,4,5,6,7,8,9]) :: digit(X, Y)."
COINS = "nn(net1, [X], Y, [heads, tails]) :: side(1, X, Y). nn(net2, [X], Y, [heads, tails]) :: side(2, X, Y)."
SIGNS = "nn(net1, [X], Y, [0,1,2,3,4,5,6,7,8,9]) :: digit(X, Y). nn(net2, [X], Y, [+, -, *, /]) :: sign(X, Y)."
SWAP = "nn(swap_net, [X, Y], Z, [no_swap, swap]) :: swap(X, Y, Z)."
WORDS = """
nn(rnn, [T], E) :: read(T, E). nn(nn_permute, [E], Y, [0, 1]) :: order(E, Y).
nn(nn_op1, [E], Y, [plus, minus]) :: first(E, Y). nn(nn_op2, [E], Y, [plus, minus]) :: second(E, Y).
nn(nn_swap, [E], Y, [no_swap, swap]) :: turned(E, Y).
done(plus, A, B, C) :- C is A + B. done(minus, A, B, C) :- C is A - B.
placed(0, A, B, A, B). placed(1, A, B, B, A). turn(no_swap, A, B, A, B). turn(swap, A, B, B, A).
wap(T, A, B, C, R) :- read(T, E), order(E, P), first(E, F), turned(E, W), second(E, S),
    placed(P, A, B, X, Y), done(F, X, Y, Z), turn(W, Z, C, U, V), done(S, U, V, R).
"""
KIN = """
:- use_module(library(lists)).
nn(rel_extract, [E], R, [child, parent, sibling]) :: relation(E, R).
nn(encoder, [T, X, Y], E) :: encode(T, X, Y, E).
nn(gender_net, [T, X], G, [male, female]) :: gender(T, X, G).
word(child, male, son). word(child, female, daughter). word(sibling, male, brother). word(sibling, female, sister).
said([], []).
said([s(Es, T)|Ss], [F|Fs]) :-
    select(X, Es, Rest), member(Y, Rest), encode(T, X, Y, E), relation(E, R), F =.. [R, X, Y], said(Ss, Fs).
known(Fs, F) :- member(F, Fs).
known(Fs, F) :- \\+ member(F, Fs),
    findall(N, (rule(N, Body), maplist([B]>>member(B, Fs), Body), \\+ member(N, Fs)), Ns),
    Ns = [_|_], append(Ns, Fs, All), known(All, F).
rule(sibling(X, Y), [parent(X, Z), child(Z, Y)]).
rule(child(X, Y), [child(X, Z), sibling(Z, Y)]).
clutrr_text(_, Ss, X, W, Y) :- word(R, G, W), gender(Ss, Y, G), said(Ss, Fs), F =.. [R, X, Y], known(Fs, F).
"""
POKER = """
t(1/2) :: house(jack); t(1/2) :: house(queen).
nn(net1, [X], R, [jack, queen, king, ace]) :: rank(X, R).
worth(jack, 0). worth(queen, 1). worth(king, 2). worth(ace, 3).
best(X, Y, H, V) :- rank(X, A), rank(Y, B), member(R, [A, B, H]), worth(R, V),
    \\+ (member(S, [A, B, H]), worth(S, W), W > V).
end(A, B, win) :- A > B. end(A, B, loss) :- A < B. end(A, A, draw).
game([A, B, C, D], card(H), O) :- best(A, B, H, V), best(C, D, H, W), end(V, W, O).
game(Cards, O) :- house(R), game(Cards, card(R), O).
"""
RULES = {
    "addition": f"{DIGIT} addition(X, Y, Z) :- digit(X, A), digit(Y, B), Z is A + B.",
    "2 digits": f"""{DIGIT} value(Xs, N) :- value(Xs, 0, N). value([], N, N).
        value([X|Xs], N0, N) :- digit(X, D), N1 is 10 * N0 + D, value(Xs, N1, N).
        multi_addition(X, Y, Z) :- value(X, A), value(Y, B), Z is A + B.""",
    "noisy addition": f"""{DIGIT} t(0.2) :: wrong. 0.5 :: any(X, Y, 3); 0.5 :: any(X, Y, 12).
        addition_noisy(X, Y, Z) :- wrong, any(X, Y, Z).
        addition_noisy(X, Y, Z) :- \\+ wrong, digit(X, A), digit(Y, B), Z is A + B.""",
    "all digits": f"{DIGIT} addition(X, Y, Z) :- digit(X, A), digit(Y, B), digit(Z, C), C is A + B.",
    "any sum": f"""{DIGIT} anysum(Bag, S) :- member([X, Y], Bag), digit(X, A), digit(Y, B), S is A + B.""",
    "coins": f"""{COINS} kind(A, A, win). kind(A, B, loss) :- \\+ kind(A, B, win).
        game(X, O) :- side(1, X, A), side(2, X, B), kind(A, B, O).""",
    "poker": POKER,
    "HWF 3": f"""{SIGNS} expression([X, O, Y], R) :- digit(X, A), sign(O, S), digit(Y, B), B \\== 0,
        F =.. [S, A, B], R is float(F).""",
    "Forth add": """nn(neural1, [A, B, C], O, [0,1,2,3,4,5,6,7,8,9]) :: digit(A, B, C, O).
        nn(neural2, [A, B, C], O, [0, 1]) :: carry(A, B, C, O).
        plus([], [], C, C, []).
        plus([A|As], [B|Bs], C, Out, [D|Ds]) :- plus(As, Bs, C, In, Ds), digit(A, B, In, D), carry(A, B, In, Out).
        add(As, Bs, C, [Out|Ds]) :- plus(As, Bs, C, Out, Ds).""",
    "Forth sort": f"""{SWAP} put(X, [], [X]). put(X, [Y|Ys], [X, Y|Ys]) :- swap(X, Y, no_swap).
        put(X, [Y|Ys], [Y|Zs]) :- swap(X, Y, swap), put(X, Ys, Zs).
        forth_sort([], []). forth_sort([X|Xs], Zs) :- forth_sort(Xs, Ys), put(X, Ys, Zs).""",
    "WAP": WORDS,
    "CLUTRR": KIN,
}  # fmt: skip
STORY = """id,story,query,target,genders
0,"[Ann] is the daughter of [Bo]. [Bo] has a son, [Cy].","('Ann', 'Cy')",brother,"Ann:female,Bo:male,Cy:male"
"""
DATA = {
    "Coins/data/label_data/train.csv": "heads, tails\ntails, tails\n",
    "Poker/data/labels/unfair.csv": "ace of hearts,king of clubs,jack of spades,jack of clubs,queen of hearts\n" * 2,
    "Forth/Add/data/train2_test8_train.txt": "add([5],[2],1,[0,8]).\nadd([9],[2],0,[1,1]).\n",
    "Forth/Sort/data/train3_test8_train.txt": "forth_sort([4, 2],[2, 4]).\nforth_sort([3, 1, 2],[1, 2, 3]).\n",
    "Forth/WAP/data/train.pl": 'wap("Ann had 5 plums , ate 2 and got 3 .",5,2,3,6).\n',
    "CLUTRR/data/data_a9dcffad/1.2_train.csv": STORY,
}
BY_NAME = {port.name: port for port in PORTS}


def lay_out(folder: Path) -> list[Port]:
    """Writes rules and data where theirs lie."""
    ports = [replace(BY_NAME[name], program=f"{name}.pl", batch=2) for name in RULES]
    for name, text in {**DATA, **{f"{name}.pl": text for name, text in RULES.items()}}.items():
        path = folder / task.EXAMPLES / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return ports


def test_each_program_is_trained_for_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ports = lay_out(tmp_path)
    for port in ports:
        found = task.run(port, tmp_path / task.EXAMPLES)
        assert 0 < found.loss < 20, port.name
        assert found.groundings == (2 if port.name.startswith(("Forth", "poker")) else 1), port.name
    monkeypatch.setattr(task, "PORTS", ports[:1])
    outcome = CliRunner().invoke(task.app, ["--folder", str(tmp_path)])
    assert outcome.exit_code == 0
    assert "addition.pl" in outcome.output


def test_what_is_no_checkout_or_is_refused_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(task.app, ["--folder", str(tmp_path)]).exit_code == 2
    monkeypatch.setattr(task, "PORTS", lay_out(tmp_path)[:1])
    (tmp_path / task.EXAMPLES / "addition.pl").write_text("addition(X, Y, Z) :- shell(ls).")
    outcome = CliRunner().invoke(task.app, ["--folder", str(tmp_path)])
    assert outcome.exit_code == 1
    assert "refused" in outcome.output


def test_all_of_their_tasks_are_there() -> None:
    assert {"coins", "poker", "WAP", "CLUTRR", "Forth add", "Forth sort"} < BY_NAME.keys()
    assert {"addition", "2 digits", "3 digits", "HWF 1", "HWF 3", "HWF 5"} < BY_NAME.keys()
