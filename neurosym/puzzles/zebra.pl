% The zebra puzzle: five houses in a row. Who drinks water, and who owns the zebra? (Life International, 1962.)

:- use_module(library(clpfd)).

zebra([english:English, spaniard:Spaniard, ukrainian:Ukrainian, norwegian:Norwegian, japanese:Japanese],
      water:Water, zebra:Zebra) :-
    Nations = [English, Spaniard, Ukrainian, Norwegian, Japanese],
    Colours = [Red, Green, Ivory, Yellow, Blue],
    Pets = [Dog, Snails, Fox, Horse, Zebra],
    Drinks = [Coffee, Tea, Milk, Juice, Water],
    Smokes = [OldGold, Kools, Chesterfields, LuckyStrike, Parliaments],
    maplist(houses, [Nations, Colours, Pets, Drinks, Smokes]),
    English #= Red,
    Spaniard #= Dog,
    Coffee #= Green,
    Ukrainian #= Tea,
    Green #= Ivory + 1,
    OldGold #= Snails,
    Kools #= Yellow,
    Milk #= 3,
    Norwegian #= 1,
    beside(Chesterfields, Fox),
    beside(Kools, Horse),
    LuckyStrike #= Juice,
    Japanese #= Parliaments,
    beside(Norwegian, Blue).

houses(Things) :- Things ins 1..5, all_distinct(Things).

beside(A, B) :- abs(A - B) #= 1.
