/*  What a program that is run may call besides its own predicates: nothing that reaches files, processes, the network, other
    modules, or the machinery around it.

    A predicate is reached in one of four ways: as it is, in the module that defines it; by a meta-predicate whose goals are
    translated too; by a predicate of ours in its place; or not at all.
*/
:- module(neurosym_allowed, [plain/2, meta/2, replaced/2]).
:- use_module(library(lists)).

:- dynamic plain/3, meta/4, replaced/3.    % the tables below, each predicate found by its name

%!  plain(+Name/Arity, -Module): harmless as it is.
plain(Name/Arity, Module) :- plain(Name, Arity, Module), !.

plain_(system, [
    true/0, fail/0, false/0, !/0, repeat/0, (=)/2, (\=)/2, (==)/2, (\==)/2, (@<)/2, (@>)/2, (@=<)/2, (@>=)/2,
    (=@=)/2, (\=@=)/2, compare/3, unify_with_occurs_check/2, (?=)/2, (is)/2, (<)/2, (>)/2, (=<)/2, (>=)/2, (=:=)/2,
    (=\=)/2, succ/2, plus/3, between/3, length/2, memberchk/2, msort/2, sort/2, sort/4, keysort/2, var/1,
    nonvar/1, ground/1, integer/1, float/1, rational/1, rational/3, number/1, atom/1, atomic/1, compound/1, callable/1,
    is_list/1, string/1, blob/2, is_assoc/1, cyclic_term/1, acyclic_term/1, attvar/1, functor/3, arg/3, (=..)/2,
    compound_name_arity/3, compound_name_arguments/3, copy_term/2, copy_term_nat/2, term_variables/2, term_variables/3,
    term_attvars/2, nb_setarg/3, setarg/3, subsumes_term/2, unifiable/3, tab/1, nl/0,
    numbervars/3, numbervars/1, atom_length/2, atom_concat/3, atom_chars/2, atom_codes/2, atom_number/2, atom_string/2, atom_to_term/3,
    name/2,     char_code/2, number_codes/2, number_chars/2, number_string/2, sub_atom/5, sub_atom_icasechk/3, sub_string/5, upcase_atom/2, downcase_atom/2,
    string_upper/2, string_lower/2, char_type/2, code_type/2, term_to_atom/2, atomic_list_concat/2, atomic_list_concat/3,
    split_string/4, string_concat/3, string_length/2, string_chars/2, string_codes/2, string_code/3,
    string_to_atom/2, text_to_string/2, term_string/2, normalize_space/2, get_string_code/3,
    collation_key/2, write/1, print/1, writeln/1, writeq/1, write_canonical/1,
    put_char/1, flush_output/0, ttyflush/0, statistics/2, get_time/1, garbage_collect/0,     abolish_all_tables/0, term_hash/2, variant_sha1/2, variant_hash/2, throw/1, is_stream/1]).
plain_(lists, [
    append/3, append/2, member/2, nth0/3, nth1/3, nth0/4, nth1/4, last/2, reverse/2, select/3, select/4, selectchk/3,
    subtract/3, permutation/2, delete/3, list_to_set/2, sum_list/2, max_list/2, min_list/2,
    max_member/2, min_member/2, numlist/3, flatten/2, union/3, intersection/3, subset/2, same_length/2, nextto/3, is_set/1,
    proper_length/2, prefix/2,     clumped/2, permutation/2]).
plain_(dif, [dif/2]).
plain_(pairs, [pairs_keys_values/3, pairs_keys/2, pairs_values/2, transpose_pairs/2]).
plain_(assoc, [
    empty_assoc/1, put_assoc/4, get_assoc/3, list_to_assoc/2, ord_list_to_assoc/2, assoc_to_list/2, assoc_to_keys/2,
    assoc_to_values/2, del_assoc/4, max_assoc/3, min_assoc/3, del_min_assoc/4, del_max_assoc/4, gen_assoc/3]).
plain_(ordsets, [
    list_to_ord_set/2, ord_add_element/3, ord_del_element/3, ord_disjoint/2, ord_empty/1, ord_intersect/2,
    ord_intersection/2, ord_intersection/3, ord_memberchk/2, ord_seteq/2, ord_subset/2, ord_subtract/3,
    ord_symdiff/3, ord_union/2, ord_union/3, ord_union/4, is_ordset/1, ord_selectchk/3]).
plain_(ugraphs, [
    vertices_edges_to_ugraph/3, vertices/2, edges/2, add_vertices/3, del_vertices/3, add_edges/3, del_edges/3,
    transpose_ugraph/2, neighbours/3, neighbors/3, complement/2, compose/3, top_sort/2, reachable/3, transitive_closure/2,
    ugraph_union/3, connect_ugraph/3]).
plain_(random, [
    random/1, random/3, random_between/3, random_member/2, random_select/3, random_permutation/2, randseq/3, randset/3,
    getrand/1, maybe/0, maybe/1, maybe/2, random_subseq/3]).
plain_(gensym, [gensym/2, reset_gensym/1, reset_gensym/0]).
plain_(error, [must_be/2, is_of_type/2, type_error/2, domain_error/2, instantiation_error/1, existence_error/2]).
plain_(terms, [term_factorized/3, subsumes_chk/2, subsumes/2, variant/2, term_size/2]).
plain_(nb_set, [empty_nb_set/1, add_nb_set/2, add_nb_set/3, gen_nb_set/2]).
plain_(strings, [string_lines/2, dedent_lines/3, indent_lines/3]).
plain_(backward_compatibility, [concat_atom/2, concat_atom/3, sumlist/2]).
plain_(heaps, [
    empty_heap/1, add_to_heap/4, get_from_heap/4, heap_size/2, heap_to_list/2, list_to_heap/2, min_of_heap/3,
    singleton_heap/3, merge_heaps/3, delete_from_heap/4]).
plain_(clpfd, [
    transpose/2, fd_var/1, fd_inf/2, fd_sup/2, fd_size/2, fd_dom/2, fd_degree/2, fd_set/2, zcompare/3, empty_fdset/1,
    is_fdset/1, list_to_fdset/2, fdset_to_list/2, range_to_fdset/2, fdset_to_range/2, fdset_member/2, fdset_size/2,
    fdset_min/2, fdset_max/2, fdset_union/3, fdset_union/2, fdset_intersection/3, fdset_subtract/3, fdset_complement/2,
    fdset_interval/3, fdset_singleton/2, fdset_add_element/3, fdset_del_element/3, fdset_disjoint/2, fdset_subset/2,
    fdset_eq/2, fdset_intersect/2, empty_interval/2, fdset_parts/4]).

%!  meta(+Name/Arity, -Module:Specification): calls goals; 0 to 9 is a goal with so many arguments to come, ^ one behind V^,
%   // the body of a grammar rule, ? no goal.
meta(Name/Arity, Module:Specification) :- meta(Name, Arity, Module, Specification), !.

meta_(system, findall(?, 0, ?)).
meta_(system, findall(?, 0, ?, ?)).
meta_(system, forall(0, 0)).
meta_(system, bagof(?, ^, ?)).
meta_(system, setof(?, ^, ?)).
meta_(system, catch(0, ?, 0)).
meta_(system, findnsols(?, ?, 0, ?)).
meta_(system, findnsols(?, ?, 0, ?, ?)).
meta_(system, call_cleanup(0, 0)).
meta_(system, setup_call_cleanup(0, 0, 0)).
meta_(system, freeze(?, 0)).
meta_(system, not(0)).
meta_(system, once(0)).
meta_(system, ignore(0)).
meta_(system, with_output_to(?, 0)).
meta_(system, call_with_depth_limit(0, ?, ?)).
meta_(system, call_with_inference_limit(0, ?, ?)).
meta_(when, when(?, 0)).
meta_(aggregate, aggregate_all(?, 0, ?)).
meta_(aggregate, aggregate_all(?, ?, 0, ?)).
meta_(aggregate, aggregate(?, ^, ?)).
meta_(aggregate, foreach(0, 0)).
meta_(apply, maplist(1, ?)).
meta_(apply, maplist(2, ?, ?)).
meta_(apply, maplist(3, ?, ?, ?)).
meta_(apply, maplist(4, ?, ?, ?, ?)).
meta_(neurosym_calls, maplist(5, ?, ?, ?, ?, ?)).
meta_(neurosym_calls, maplist(6, ?, ?, ?, ?, ?, ?)).
meta_(apply, foldl(3, ?, ?, ?)).
meta_(apply, foldl(4, ?, ?, ?, ?)).
meta_(apply, foldl(5, ?, ?, ?, ?, ?)).
meta_(apply, foldl(6, ?, ?, ?, ?, ?, ?)).
meta_(apply, include(1, ?, ?)).
meta_(apply, exclude(1, ?, ?)).
meta_(apply, partition(1, ?, ?, ?)).
meta_(apply, partition(2, ?, ?, ?, ?)).
meta_(apply, convlist(2, ?, ?)).
meta_(backward_compatibility, checklist(1, ?)).
meta_(backward_compatibility, sublist(1, ?, ?)).
meta_(sort, predsort(3, ?, ?)).
meta_(lists, max_member(2, ?, ?)).
meta_(lists, min_member(2, ?, ?)).
meta_(solution_sequences, limit(?, 0)).
meta_(solution_sequences, offset(?, 0)).
meta_(solution_sequences, distinct(0)).
meta_(solution_sequences, distinct(?, 0)).
meta_(solution_sequences, order_by(?, 0)).
meta_(solution_sequences, call_nth(0, ?)).
meta_(neurosym_calls, time(0)).
meta_(neurosym_calls, call_time(0, ?)).
meta_(neurosym_calls, call_with_time_limit(?, 0)).
meta_(neurosym_calls, phrase(//, ?)).
meta_(neurosym_calls, phrase(//, ?, ?)).

%!  replaced(+Name/Arity, -Way): by a predicate of ours: to(Module), or in(Module), which takes the program's module first.
replaced(Name/Arity, Way) :- replaced(Name, Arity, Way), !.

replaced_(to(neurosym_recorder), [
    (#=)/2, (#\=)/2, (#<)/2, (#>)/2, (#=<)/2, (#>=)/2, (#/\)/2, (#\/)/2, (#\)/2, (#\)/1, (#==>)/2, (#<==)/2, (#<==>)/2,
    (in)/2, (ins)/2, all_different/1, all_distinct/1, sum/3, scalar_product/4, tuples_in/2, lex_chain/1, serialized/2,
    global_cardinality/2, global_cardinality/3, circuit/1, cumulative/1, cumulative/2, disjoint2/1, element/3,
    automaton/3, automaton/8, chain/2, (in_set)/2 ]).
replaced_(to(neurosym_labelling), [label/1, labeling/2, indomain/1]).
replaced_(to(neurosym_outputs), [
    nl/1, write/2, writeln/2, print/2, writeq/2, write_canonical/2, write_term/2, write_term/3, format/1, format/2, format/3,
    put_char/2, tab/2, portray_clause/1, portray_clause/2, flush_output/1,
    writef/1, writef/2, print_message/2,
    print_message_lines/3, read/1]).
replaced_(in(neurosym_calls), [
    assert/1, asserta/1, assertz/1, retract/1, retractall/1, abolish/1, abolish/2, (dynamic)/1, (discontiguous)/1, (table)/1,
    clause/2, current_predicate/1, op/3, current_op/3, set_prolog_flag/2,
    current_prolog_flag/2, halt/0, halt/1, b_setval/2, b_getval/2, nb_setval/2, nb_getval/2, flag/3, style_check/1,
    recorda/2, recorda/3, recordz/2, recordz/3, recorded/2, recorded/3, erase/1,
    use_module/1, use_module/2, ensure_loaded/1, (initialization)/1, (initialization)/2, garbage_collect_atoms/0, prompt/2,
    nb_setval/2, consult/1, (multifile)/1, (meta_predicate)/1, debug/3, assertion/1, set_prolog_stack/2 ]).

:- forall(( plain_(Module, Indicators), member(Name/Arity, Indicators) ), assertz(plain(Name, Arity, Module))).
:- forall(( meta_(Module, Head), functor(Head, Name, Arity) ), assertz(meta(Name, Arity, Module, Head))).
:- forall(( replaced_(Way, Indicators), member(Name/Arity, Indicators) ), assertz(replaced(Name, Arity, Way))).
