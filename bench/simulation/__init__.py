"""Claims, sweeps, leases, outbox and ledger as a seeded state machine, with crashes between any two steps.

`record.py` is PostgreSQL as far as the protocol needs it, `protocol.py` mirrors the code step by step, `world.py` has
the schedule and the faults, `invariants.py` what must hold. `python -m bench.simulation` runs it.
"""
