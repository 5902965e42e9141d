/*  The predicates of library.pl: read once, and given to each program that calls them and does not define them. */
:- module(neurosym_library, [load_library/0, with_library/3, scope_clauses/2, library_predicate/1]).
:- use_module(library(lists)).
:- use_module(analysis).
:- use_module(reader).

:- dynamic library_/1, scopes_/1, loaded_/0, defines_/1, needs_/2.    % the same for all programs

%!  library_predicate(?Indicator): a predicate that library.pl defines.
library_predicate(Indicator) :- defines_(Indicator).

%!  load_library: once, before the first program comes.
load_library :- loaded_, !.
load_library :-
    module_property(neurosym_library, file(File)),
    file_directory_name(File, Folder),
    library_clauses(Folder, 'library.pl', Clauses),
    library_clauses(Folder, 'scopes.pl', Scopes),
    assertz(scopes_(Scopes)),
    forall(( member(clause(_, _, rule([_-Head], Body, _), _, _), Clauses), functor(Head, Name, Arity) ),
           ( assertz(defines_(Name/Arity)),
             forall(goals_of(Body, _-Called), assertz(needs_(Name/Arity, Called))) )),
    assertz(needs_((=>)/2, collect_list/3)), assertz(needs_((=>)/2, collect_list/4)),    % called by a name that is put together
    assertz(library_(Clauses)),
    assertz(loaded_).    % asked for without the library itself, which would be copied

library_clauses(Folder, Name, Clauses) :-
    atomic_list_concat([Folder, Name], /, Path),
    setup_call_cleanup(open(Path, read, Stream), read_string(Stream, _, Text), close(Stream)),
    read_clauses(Text, Clauses, _).

%!  scope_clauses(+Clauses, -More): what library(scope) adds behind the clauses of a program.
scope_clauses(Clauses, More) :-
    length(Clauses, First),
    scopes_(Scopes),
    findall(clause(Id, 0, Rule, Names, Positions),
            ( nth0(Index, Scopes, clause(_, _, Rule, Names, Positions)), Id is First + Index ), More).

%!  with_library(+Clauses, +First, -All): library predicates that the program calls, or may call; they come last, numbered
%   from First on.
with_library(Clauses, First, All) :-
    findall(Called, ( member(clause(_, _, rule(_, Body, _), _, _), Clauses), goals_of(Body, _-Called),
                      ( Called == any -> true ; defines_(Called) ) ), Calls0),
    sort(Calls0, Calls),
    (   Calls == [] -> All = Clauses
    ;   findall(Name/Arity, ( member(clause(_, _, rule(Pairs, _, _), _, _), Clauses), member(_-Head, Pairs),
                              callable(Head), functor(Head, Name, Arity) ), Own0),
        sort(Own0, Own),
        closure(Calls, Calls, Needed),
        library_(Library),
        findall(clause(Id, 0, Rule, Names, Positions),
                ( nth0(Index, Library, clause(_, _, Rule, Names, Positions)),
                  Rule = rule([_-Head], _, _), functor(Head, Name, Arity),
                  ( memberchk(Name/Arity, Needed) -> true ; memberchk(any, Needed), applied(Name, Arity, _) ),
                  \+ memberchk(Name/Arity, Own),
                  Id is First + Index ),
                More),
        append(Clauses, More, All)
    ).

closure([], Needed, Needed).
closure([Call|Calls], Seen, Needed) :-
    findall(Next, ( needs_(Call, Next), ( Next == any -> true ; defines_(Next) ), \+ memberchk(Next, Seen) ), Found0),
    sort(Found0, Found),
    append(Found, Seen, AllSeen),
    append(Found, Calls, Todo),
    closure(Todo, AllSeen, Needed).
