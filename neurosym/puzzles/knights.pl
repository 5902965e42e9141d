% Knights always tell the truth, knaves always lie: 1 is a knight, 0 a knave. Who is what?

:- use_module(library(clpfd)).

knights(Zoey, Ethan, Michael) :-
    [Zoey, Ethan, Michael] ins 0..1,
    says(Michael, Ethan #<==> Michael),
    says(Zoey, Zoey #\/ Ethan),
    says(Ethan, #\ Michael #<==> #\ Zoey).

says(Person, Claim) :- Person #<==> Claim.
