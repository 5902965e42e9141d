% The value P/Q of a formula of N signs, digits and operators in turn; times and div bind stronger than plus and minus.
formula(N, P, Q) :- parsed(N, A, B, C, D), add(A, B, C, D, P, Q).

% What the first N signs say: A/B is the sum of the terms before the last, C/D that last term.
parsed(1, 0, 1, Digit, 1) :- sign(0, Digit), integer(Digit).
parsed(N, A, B, C, D) :-
    N > 1, Before is N - 2, parsed(Before, A0, B0, C0, D0),
    sign(Before, Operator), Last is N - 1, sign(Last, Digit), integer(Digit),
    step(Operator, Digit, A0, B0, C0, D0, A, B, C, D).

step(plus, Digit, A0, B0, C0, D0, A, B, Digit, 1) :- add(A0, B0, C0, D0, A, B).
step(minus, Digit, A0, B0, C0, D0, A, B, C, 1) :- add(A0, B0, C0, D0, A, B), C is -Digit.
step(times, Digit, A, B, C0, D0, A, B, C, D) :- P is C0 * Digit, lowest(P, D0, C, D).
step(div, Digit, A, B, C0, D0, A, B, C, D) :- Q is D0 * Digit, lowest(C0, Q, C, D).

add(A, B, C, D, P, Q) :- P0 is A * D + C * B, Q0 is B * D, lowest(P0, Q0, P, Q).

lowest(P0, Q0, P, Q) :- Divisor is gcd(P0, Q0), P is P0 // Divisor, Q is Q0 // Divisor.
