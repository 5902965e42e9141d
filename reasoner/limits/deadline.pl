/*  The time of a request: CPU time, so that the load of the machine decides nothing. */
:- module(neurosym_deadline, [within_seconds/2, tick/0]).
:- use_module(library(apply)).
:- use_module(library(time)).

:- meta_predicate within_seconds(+, 0).

%!  within_seconds(+Seconds, :Goal) runs a goal once, or throws time_limit_exceeded.
within_seconds(Seconds, Goal) :-
    statistics(process_cputime, Used),
    End is Used + Seconds,
    nb_setval(neurosym_end, End),
    look_after(Seconds),
    nb_setval(neurosym_alarms, []),
    setup_call_cleanup(wake_after(Seconds), once(Goal), sleep_on).

%   No CPU time runs faster than the clock: only when the clock says so it is looked at.
look_after(Seconds) :-
    get_time(Now),
    Look is Now + Seconds,
    nb_setval(neurosym_look, Look).

wake_after(Seconds) :-
    alarm(Seconds, neurosym_deadline:woken, Alarm, [remove(false)]),
    nb_getval(neurosym_alarms, Alarms),
    nb_setval(neurosym_alarms, [Alarm|Alarms]).

%   One that has rung is still to be removed, but not while it rings.
sleep_on :-
    nb_getval(neurosym_alarms, Alarms),
    maplist(remove_alarm, Alarms).

woken :- time_left(Left), wake_after(Left).

time_left(Left) :-
    statistics(process_cputime, Used),
    nb_getval(neurosym_end, End),
    ( Used < End -> Left is max(0.01, End - Used) ; throw(time_limit_exceeded) ).

%!  tick looks at the clock: an alarm cannot interrupt everything, so each step of ours does.
tick :-
    nb_getval(neurosym_look, Look),
    get_time(Now),
    ( Now < Look -> true ; time_left(Left), look_after(Left) ).
