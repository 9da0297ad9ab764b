"""Mutants: small faults put into the code one at a time, and whether the tests that concern it notice.

`make mutants` samples every module of the table, `make mutants M=hit_policy N=200` one. The tree is not touched: a
child process imports the one module with the fault in it and runs its tests. What no test notices is a survivor: write
the test, or put the mutant into bench/mutants/equivalent.yaml with the reason why nobody can tell it from the code.
Scores are kept beside it, each with a hash of the code it is of. `python -m bench.mutants hit_policy --again` tries
only what survived there, `--stale` the modules without a score of the code as it is; every run names these.
"""
