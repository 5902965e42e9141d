"""What the Prolog side refuses, in one sentence each: what is wrong, what was given, what to do."""

import re

from .border import Refusal
from .text import PrologText

_POINT = re.compile(r"(?<![\w.)\]}'\"])\.[0-9]+")
_REASONS = {
    # as a text is read
    "syntax": "syntax error: {message}",
    "head": "not a clause: its head is neither an atom nor a compound",
    "grammar": "the grammar rule '{what}' --> ... cannot be read",
    "directive": "the directive ':- {what}' is not allowed, since it would not be obeyed",
    "table_mode": "the table '{what}' keeps some answers only, of something uncertain or by a mode other than min, "
    "max, first, last and -, which is not supported; write a plain table, and say which count by \\+ or findall/3",
    "depth": "a term is nested more than {what} deep; write it flatter, or build it by a rule",
    "unknown": "unknown domain or predicate '{what}'; {message}",
    "unknown_goal": "unknown predicate '{what}', or one that is unsafe in programs; {message}",
    "unsafe": "'{what}' is not allowed in programs: it is unsafe or not a pure built-in",
    "domain_head": "'{what}' redefines a domain; what is perceived cannot be stated in the program",
    "builtin_head": "'{what}' redefines a built-in predicate; choose another name",
    "not_callable": "'{what}' is not a goal; goals must be known when they are reached",
    # of probabilities and networks
    "learnable": "'{what}' cannot be learned; write t(0.5), with a start between 0 and 1, or t(_)",
    "decision": "an annotated disjunction decides by ? on all of its heads or on none, but one has {what}",
    "network": "'{what}' is no network; write nn(name, [X], Y, [values]), nn(name, [X]) or nn(name, [X], Y)",
    "network_values": "the values of a network must be two or more distinct constants, not '{what}'",
    "disjunction": "'{what}' in an annotated disjunction has no probability; write p :: {what}",
    "uncertain_directive": "'{what}' has a probability; queries and evidence say what is asked, and are certain",
    "distributed": "'{what}' is the notation of distributional clauses; write a continuous fact as normal(0, 1) :: x, "
    "and read its value by value(x, V)",
    "drawn": "'{what}' asks more of a continuous value than arithmetic and comparisons; sample it, or compare it",
    "drawn_collected": "'{what}' is collected in a program with continuous facts, which is not supported; collect what "
    "rests on nothing continuous in a program of its own",
    "file": "the directive ':- {what}' brings in a file; read the program by Program.read, from a file of the same "
    "folder, and pass what it calls in Python",
    "prevented": "'{what}' is denied in a head, but no clause makes it true; add one that does",
    "cut": "the cut '!' has no meaning here: the rule rests on what is uncertain, or it stands inside a goal",
    "condition": "the condition '{what}' of '->' is uncertain; use the goal and its \\+ in two rules",
    # of what is asked
    "query_syntax": "the query cannot be read: {what}{message}",
    "query": "the query '{what}' is not a goal; ask one such as sum(S)",
    "query_domain": "the query '{what}' asks what is perceived; ask for a predicate of the program",
    "query_undefined": "the query or evidence '{what}' names no predicate of the program",
    "no_query": "the program asks nothing; add a fact such as query(sum(S))",
    "evidence_value": "evidence is true or false, not '{what}'",
    # as a program runs
    "moded": "the table '{what}' keeps some answers only, and rests on negation in circles or on lists that rules "
    "collect; write a plain table",
    "called": "'{what}' is called, but it is neither a predicate of the program nor an allowed built-in",
    "no_list": "'{what}' is no list, but findall/3 and its like collect lists; give a list or a variable",
    "unbound": "a goal is still a variable when it is called; bind it before",
    "builtin": "'{what}' cannot be run: {message}",
    "cyclic": "a term contains itself, as X = f(X) makes it; terms must be finite",
    "undefined": "'{what}' rests on its own negation, so it is neither true nor false: the program is not stratified; "
    "break the circle through \\+",
    "collection": "findall/3 collects what rests on the collection itself; break the circle",
    "collected": "more than 14 uncertain elements are collected, '{what}' among them; collect fewer (2**14 lists)",
    "probability": "the probabilities of the clause reach {what}; each must lie in 0 to 1, and so their sum",
    "input": "the input '{what}' of the network still holds variables when it is reached; bind it before",
    "large": "'{what}' is a number of more than 4,000 digits",
    "nonground": "the answer '{what}' still holds variables; bind them in the body of its rule",
    "slot": "the slot of '{what}' must be an integer of at least 0 when it is reached",
    "impure": "'{what}' differs from call to call; rules must be pure",
    # as constraints are posted
    "tentative": "'{what}' would be posted inside a condition (\\+, ->, findall, forall's first part); nothing is "
    "known there yet: say it by reification, such as B #<==> (X #= Y)",
    "committed": "a cut or once/1 would drop other ways through the rules after '{what}' was posted, which may have no "
    "solution; say the ways by #\\/",
    "untold": "'{what}' asks what a constrained variable is, which is not known as constraints are posted; say it by a "
    "constraint such as #=",
    "expression": "'{what}' is no integer expression over + - * // div mod rem abs min max ^",
    "domain": "'{what}' is no domain; write 1..9, 1 \\/ 3..5 or 0..sup",
    "truth": "'{what}' is no constraint that can be true or false; write a comparison, X in 1..3, or 0 or 1",
    "list": "'{what}' must be a list when it is reached",
    "coefficients": "the coefficients '{what}' must be integers, one for each variable",
    "arguments": "'{what}' does not have the arguments that library(clpfd) asks for",
    "table": "'{what}' must be a list of lists of integers",
    "deep": "'{what}' is nested more than 100 deep; name its parts by variables, such as X #= Part",
    "operator": "'{what}' is no comparison; use #=, #\\=, #<, #>, #=< or #>=",
    "alternatives": "there are more than {what} ways through the rules, each with its own constraints; say what may "
    "vary by constraints (#\\/, tuples_in, element) rather than by clauses, or raise Limits.answers",
}


def reason(refusal: Refusal) -> str:
    """What is wrong, and what to do.

    Example:
        >>> reason(Refusal("cut", -1, -1, "!", ""))[:34]
        "the cut '!' has no meaning here: t"
    """
    message = refusal.message.strip().removeprefix("Syntax error: ")
    if refusal.kind not in _REASONS:
        return message or f"{refusal.kind}: {refusal.text}"
    return (
        _REASONS[refusal.kind].format_map({"what": refusal.text, "message": message}).rstrip("; ").replace("; ; ", "; ")
    )


def sentence(refusal: Refusal, text: PrologText) -> str:
    """Source, reason and place."""
    return f"{text.source}: {reason(refusal)}{_bare_point(refusal, text)}{text.place(refusal.offset)}"


def _bare_point(refusal: Refusal, text: PrologText) -> str:
    """What to do where a number begins with its point, as ProbLog may read it and Prolog does not."""
    start = max(0, refusal.offset - 20)
    found = _POINT.search(text.text, start, refusal.offset + 20) if refusal.kind == "syntax" else None
    return f"; write 0{found[0]} for {found[0]}" if found else ""
