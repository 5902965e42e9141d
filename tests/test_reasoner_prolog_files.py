"""Files that a program brings in: consulted programs, tables and Python predicates, and what is refused."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from neurosym.commands.queries import probabilities
from reasoner import Program, ProgramError, QueryError
from reasoner.prolog.tables import facts_of


def read(folder: Path, text: str) -> dict[str, float]:
    path = folder / "main.pl"
    path.write_text(text, encoding="utf-8")
    return probabilities(Program.read(path, ()))


def test_a_consulted_program_stands_where_it_is_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "coins.pl").write_text("0.5::heads(1). 0.6::heads(2).\n")
    (tmp_path / "more.pl").write_text(":- consult('sub/coins').\nboth :- heads(1), heads(2).\n")
    found = read(tmp_path, "% a ä comment\n:- consult(more). query(both).\nquery(heads(_)).")
    assert found == pytest.approx({"both": 0.3, "heads(1)": 0.5, "heads(2)": 0.6})


def test_messages_name_the_file_and_the_line(tmp_path: Path) -> None:
    (tmp_path / "more.pl").write_text("a.\nb :- shell(ls).\n")
    with pytest.raises(ProgramError, match=r"(?s)shell/1.*more\.pl, line 2, column 6\n    b :- shell"):
        read(tmp_path, "c.\n:- consult(more).\nd.\nquery(b).")
    (tmp_path / "more.pl").write_text("a.\n")
    with pytest.raises(ProgramError, match=r"shell/1[^,]*[^\n]*, line 3, column 6"):
        read(tmp_path, "c.\n:- consult(more). x.\nd :- shell(ls).\nquery(b).")


@pytest.mark.parametrize("name", ["../secret", "/etc/hosts", "link", "missing", ".", "main", "a\\0b"])
def test_nothing_outside_the_folder_is_read(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret.pl").write_text("secret.\n")
    (inner / "link.pl").symlink_to(tmp_path / "secret.pl")
    for directive in (f"consult('{name}')", f"csv_load('{name}', t)", f"sqlite_load('{name}')"):
        with pytest.raises(ProgramError) as caught:
            read(inner, f":- {directive}.\nquery(secret).")
        assert "line 1" in str(caught.value)


def test_a_text_without_a_folder_brings_in_nothing() -> None:
    for directive in ("consult(a)", "csv_load('a.csv', t)", "sqlite_load('a.db')", "use_module('a.py')"):
        with pytest.raises(ProgramError, match=r"brings in a file; read the program by Program\.read"):
            Program.parse(f":- {directive}. a.", ())


def test_tables_are_facts(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text('"from","to","share"\n ann ,"Bo, it\'s",0.5\n\n"cy","d",1\n', encoding="utf-8")
    found = read(tmp_path, ":- csv_load('t.csv', edge).\nP::e(X, Y) :- edge(X, Y, P). query(e(_, _)).")
    assert found == {"e(ann,'Bo, it\\'s')": 0.5, "e(cy,d)": 1.0}
    with closing(sqlite3.connect(tmp_path / "t.db")) as base:
        base.execute("CREATE TABLE parent (child TEXT, age INTEGER, size REAL)")
        base.execute("CREATE VIEW seen AS SELECT child FROM parent")
        base.executemany("INSERT INTO parent VALUES (?, ?, ?)", [("ann", 3, 1e-7), ("Bo", -4, 2.5)])
        base.commit()
    found = read(tmp_path, ":- sqlite_load('t.db').\nquery(parent(_, _, _)). query(seen(_)). seen(x).")
    assert found == {"parent('Bo',-4,2.5)": 1.0, "parent(ann,3,1.0e-7)": 1.0, "seen(x)": 1.0}


def test_a_bad_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b\n1,2\n1,x\n")
    with pytest.raises(ProgramError, match="line 3: the row is not of the kinds of the first: int, int"):
        read(tmp_path, ":- csv_load('t.csv', t). query(t(_, _)).")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n1\n")
    with pytest.raises(ProgramError, match="line 3"):
        read(tmp_path, ":- csv_load('t.csv', t). query(t(_, _)).")
    with pytest.raises(ProgramError, match="cannot be a predicate"):
        read(tmp_path, ":- csv_load('t.csv', 'x :- shell(ls), y'). query(t(_, _)).")
    with pytest.raises(ProgramError, match="no SQLite database"):
        read(tmp_path, ":- sqlite_load('t.csv'). query(t(_, _)).")


def test_a_frame_of_pandas_is_facts() -> None:
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"name": ["ann", "O'Hara"], "age": [3, 4], "well": [True, False]})
    program = Program.parse(":- dynamic person/3. old(N) :- person(N, A, _), A > 3. query(old(_)).", ())
    assert probabilities(program.extended(facts_of("person", frame))) == {"old('O\\'Hara')": 1.0}
    with pytest.raises(ProgramError, match="no place in a program"):
        facts_of("person", [(object(),)])


def below(number: int) -> Iterator[int]:
    yield from range(number)


def backwards(items: tuple[object, ...]) -> tuple[object, ...]:
    return items[::-1]


def is_even(number: int) -> bool:
    return number % 2 == 0


def number_of(text: str) -> int:
    return int(text)


def test_python_predicates_are_called_when_they_are_passed_in() -> None:
    seen: list[object] = []

    def double(number: int) -> int:
        seen.append(number)
        return 2 * number

    text = """
        0.5::c(X) :- below(3, X).
        p(Y) :- c(X), double(X, Y).
        q(L) :- reversed([a, 'B c', "s"], L), even(2), \\+ even(3).
        query(p(_)). query(q(_)).
    """
    given = {"below/2": below, "double/2": double, "reversed/2": backwards, "even/1": is_even}
    found = probabilities(Program.parse(text, (), predicates=given))
    assert found == pytest.approx({"p(0)": 0.5, "p(2)": 0.5, "p(4)": 0.5, "q([s,'B c',a])": 1.0})
    assert sorted(map(str, seen)) == ["0", "1", "2"]
    with pytest.raises(ProgramError, match="below/2"):
        Program.parse(text, ())


def test_what_fails_in_python_is_told() -> None:
    with pytest.raises(QueryError, match=r"twice/2 fails on \[a\].*ValueError|twice/2 fails on \['a'\].*ValueError"):
        probabilities(Program.parse("p(X) :- twice(a, X). query(p(_)).", (), predicates={"twice/2": number_of}))


def test_clauses_can_be_read_and_those_of_the_system_cannot() -> None:
    text = "a(1) :- b(2). 0.3::b(2). c(H) :- clause(a(1), H). d(P) :- clause(b(_), true, P). query(c(_)). query(d(_))."
    assert probabilities(Program.parse(text, ())) == {"c(b(2))": 1.0, "d(0.3)": 1.0}
    for hidden in ("maplist(_, _)", "system:halt", "lists:append(_, _)", "shell(_)", "'$drawn'(_, _, _, _, _, _)"):
        text = f"p(1) :- clause({hidden}, _). l :- maplist(f, [1], _). f(1, 1). query(p(_))."
        assert probabilities(Program.parse(text, ())) == {"p(_)": 0.0}


def test_scopes_reach_only_what_a_program_may_call() -> None:
    head = ":- use_module(library(scope)). one:a. b. "
    assert probabilities(Program.parse(head + "query(one:(a, b)). query([two, one]:a).", ())) == {
        "one:(a,b)": 1.0,
        "[two,one]:a": 1.0,
    }
    for unsafe in ("shell(ls)", "halt", "(b, shell(ls))", "open(x, write, _)"):
        assert probabilities(Program.parse(f"{head} query(x:{unsafe}).", ())).popitem()[1] == 0.0
    with pytest.raises(QueryError, match="'system:halt' is called"):
        probabilities(Program.parse(f"{head} query(x:system:halt).", ()))
