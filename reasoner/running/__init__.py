"""Running programs as Prolog, behind a wall, with library(clpfd) and a search beside it."""
