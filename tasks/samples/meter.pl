% What to do at a meter of two digits, as perception sees them: see the notebook camera_to_decision.
reading(R) :- digit(0, T), digit(1, U), R is 10 * T + U.
action(wait)       :- reading(R), R < 20.
action(open_valve) :- reading(R), R >= 20, R < 70.
action(stop)       :- reading(R), R >= 70.
