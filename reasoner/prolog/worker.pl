/*  The worker: a process of its own that reads requests from standard input and writes replies to standard output.

    A request is five texts: limits, slot, domains, program and task; a text is its length in characters, on a line of its
    own, and its characters. Each slot is a thread in which a program stays; a request without a slot needs none. The C
    stacks of the threads have a size of their own: how deep terms are read and written depends on nothing outside.
*/
:- module(neurosym_worker, []).
:- current_prolog_flag(autoload, Autoload), nb_setval(neurosym_autoload, Autoload).
:- set_prolog_flag(autoload, false).    % all libraries now: a limit that strikes while one is loaded leaves it unusable
:- use_module(engine).
:- use_module('../interpreter/library_reader', [load_library/0]).
:- load_library.
:- nb_getval(neurosym_autoload, Autoload), set_prolog_flag(autoload, Autoload).    % SWI-Prolog's own start may need it

c_stack(0x20000000).    % address space, used only as deep as terms go

:- initialization(work, main).

work :-
    set_prolog_flag(autoload, explicit),
    c_stack(Bytes),
    thread_create(serve_all, Thread, [c_stack(Bytes)]),
    thread_join(Thread, _).

serve_all :-
    set_stream(user_input, encoding(utf8)), set_stream(user_input, newline(posix)),
    prompt(_, ''),
    repeat,
    (   read_text(Limits), read_text(Slot), read_text(Domains), read_text(Text), read_text(Task)
    ->  ( Slot == "" -> serve(Limits, Domains, Text, Task, Reply) ; ask(Slot, Limits, Domains, Text, Task, Reply) ),
        string_length(Reply, Length),
        format('~d~n~s', [Length, Reply]), flush_output,
        fail
    ;   true ), !.

ask(Slot, Limits, Domains, Text, Task, Reply) :-
    atom_string(Thread, Slot),
    (   is_thread(Thread) -> true
    ;   c_stack(Bytes), thread_create(serve_slot, _, [alias(Thread), c_stack(Bytes)]) ),
    thread_self(Self),
    thread_send_message(Thread, request(Self, Limits, Domains, Text, Task)),
    thread_get_message(reply(Reply)).

serve_slot :-
    repeat,
    thread_get_message(request(From, Limits, Domains, Text, Task)),
    serve(Limits, Domains, Text, Task, Reply),
    thread_send_message(From, reply(Reply)),
    fail.

read_text(Text) :-
    read_string(user_input, "\n", "", End, Line), End \== -1,
    number_string(Length, Line),
    read_string(user_input, Length, Text).
