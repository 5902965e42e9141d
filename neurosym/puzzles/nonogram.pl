% Nonogram: black cells (1) stand in each row and column in runs of the given lengths, with white (0) between.

:- use_module(library(clpfd)).

nonogram(Rows) :-
    rows(RowRuns), columns(ColumnRuns),
    length(RowRuns, Height), length(ColumnRuns, Width),
    length(Rows, Height), maplist(row(Width), Rows),
    maplist(line, RowRuns, Rows),
    transpose(Rows, Columns),
    maplist(line, ColumnRuns, Columns).

row(Width, Row) :- length(Row, Width).

% A line is one of all the lines that have these runs.
line(Runs, Cells) :-
    length(Cells, Length),
    findall(Line, fill(Runs, Length, Line), Lines),
    tuples_in([Cells], Lines).

fill([], N, Line) :- length(Line, N), maplist(=(0), Line).
fill([Run|Runs], N, Line) :-
    N >= Run,
    Most is N - Run,
    between(0, Most, White),
    length(Space, White), maplist(=(0), Space),
    length(Black, Run), maplist(=(1), Black),
    Left is N - White - Run,
    after(Runs, Left, Rest),
    append([Space, Black, Rest], Line).

after([], N, Line) :- fill([], N, Line).
after([Run|Runs], N, [0|Line]) :- N > 0, M is N - 1, fill([Run|Runs], M, Line).

rows([[1, 1], [5], [5], [3], [1]]).
columns([[2], [4], [4], [4], [2]]).
