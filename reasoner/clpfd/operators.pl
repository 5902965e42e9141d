/*  The operators of library(clpfd), for our own files and for the texts of users, which are read in a module without
    any of our predicates.
*/
:- module(neurosym_constraint_operators,
          [ op(760, yfx, #<==>), op(750, xfy, #==>), op(750, yfx, #<==), op(740, yfx, #\/), op(730, yfx, #\),
            op(720, yfx, #/\), op(710, fy, #\), op(700, xfx, #>), op(700, xfx, #<), op(700, xfx, #>=),
            op(700, xfx, #=<), op(700, xfx, #=), op(700, xfx, #\=), op(700, xfx, in), op(700, xfx, ins),
            op(450, xfx, ..), op(200, xfy, >>) ]).
:- use_module(library(lists)).

%   Of the same ones, in the module of texts.
:- forall(module_property(neurosym_constraint_operators, exported_operators(Operators)),
          forall(member(op(Priority, Type, Name), Operators),
                 op(Priority, Type, neurosym_constraint_syntax:Name))).
