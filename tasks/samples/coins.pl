0.4::heads(1). 0.7::heads(2).
win :- heads(1), heads(2).
query(win).
