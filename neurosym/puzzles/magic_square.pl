% The magic square of 1 to 9: rows, columns and diagonals sum to 15; turned so that it is the only one.

:- use_module(library(clpfd)).

magic_square(Rows) :-
    Rows = [[A, B, C], [D, E, F], [G, H, I]],
    append(Rows, Cells), Cells ins 1..9, all_distinct(Cells),
    transpose(Rows, Columns),
    append([Rows, Columns, [[A, E, I], [C, E, G]]], Lines),
    maplist([Line]>>sum(Line, #=, 15), Lines),
    A #> C, A #> G, A #> I, C #> G.        % of its eight turns and reflections, one
