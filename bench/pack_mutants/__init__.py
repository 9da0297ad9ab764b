"""Mutants of the pack: small faults put into the policy one at a time, and whether the pack's own tests notice.

`make pack-mutants` tries the sample, the same every time; `N=60` a smaller one. The tree is not touched: the pack is
loaded once, and for each mutant a child process loads it with one file changed and asks, the cheapest first: does it
load, is it as reviewed (tests/policy/reviewed.yaml), do the tests of rules and formulas pass, does the linter find
anything, does the matrix still agree, do the tests of tests/policy pass. What nothing notices is a survivor: write the
test, or put the mutant into bench/pack_mutants/equivalent.yaml with the reason why nobody can tell it from the pack.

The score is kept beside it as it grows, with the hash of the pack that it was measured on; `--again` tries only what
survived the last time. The lock file is left out of it: it notices every change, and says of none whether it is right.
"""
