"""What must hold: at every commit, and when everything has settled. Nothing lost, doubled, partial or stalled."""

from collections import Counter
from typing import TYPE_CHECKING, Any

from bench.simulation.record import HEAD, Chunk, Delivery, Desk, Entry, Key, Record, case_of, chained, leaf_of
from forbear.batch.chunks import MAX_TRIES
from forbear.ledger import merkle

if TYPE_CHECKING:
    from bench.simulation.world import World


class ViolationError(Exception):
    """Something that must never be; its first word is the kind."""


def check_commit(record: Record, before: dict[Key, Any], written: dict[Key, Any], entries: list[Entry]) -> None:
    """What one transaction did, by what its rows were before."""
    rows = record.rows
    decided = [key[1] for key in written if key[0] == "decision"]
    told = [case for _, subject, _, _ in entries if subject[0] == "tree" for case in rows[subject]]
    for case in decided:
        if before.get(("decision", case)) is not None:
            raise ViolationError(f"doubled: case {case} was decided already")
        if rows["chunk", rows["decision", case]].status != "done":
            raise ViolationError(f"partial: case {case} is decided and its chunk is not done")
    if sorted(told) != sorted(decided):
        raise ViolationError(f"ledger: {sorted(decided)} were decided, and it tells of {sorted(told)}")
    _check_entries(before.get(HEAD, (0, 0)), written, entries)
    for (table, number), row in written.items():
        was = before.get((table, number))
        if table == "chunk":
            _check_chunk(rows, number, was, row)
        elif table == "desk":
            _check_desk(record, number, was, row)
        elif table == "batch" and row.status == "complete":
            _check_batch(record, number, was)


def _check_entries(head: tuple[int, int], written: dict[Key, Any], entries: list[Entry]) -> None:
    seq, mac = head
    for number, subject, digest, chain in entries:
        seq, mac = seq + 1, chained(mac, subject, digest)
        if (number, chain) != (seq, mac):
            raise ViolationError(f"ledger: entry {number} does not follow the one before")
    if {key for key in written if key[0] == "review"} != {
        subject for _, subject, _, _ in entries if subject[0] == "review"
    }:
        raise ViolationError("ledger: there are reviews of which it does not tell")


def check_tree(
    record: Record, grown: list[bytes | None], entries: list[Entry], nodes: list[tuple[int, int, bytes]]
) -> None:
    """That the ledger's tree grew by what these entries complete. Brings the ends it must have up to them."""
    made: list[tuple[int, int, bytes]] = []
    for number, subject, digest, _ in entries:
        made += merkle.completed(grown, merkle.leaf_hash(leaf_of(number, subject, digest)), number - 1)
    if made != nodes:
        raise ViolationError(f"ledger: its tree has not what entries up to {len(record.ledger)} make of it")


def _check_desk(record: Record, case: int, was: int | None, row: Desk) -> None:
    if row.revision != (was or 0) + 1:
        raise ViolationError(f"lost: what was done on case {case} at revision {was} is overwritten")
    if record.rows.get(("seal", case)) != row.digest(record.reviews.get(case, 0)):
        raise ViolationError(f"seal: the row of case {case} is not as it was sealed")


def _check_chunk(rows: dict[Key, Any], number: Any, was: str | None, row: Chunk) -> None:
    if was not in (None, "pending"):
        raise ViolationError(f"doubled: chunk {number} was {was} and is written again")
    if row.status == "done" and (missing := [case for case in row.cases if ("decision", case) not in rows]):
        raise ViolationError(f"lost: chunk {number} is done and {missing} are not decided")


def _check_batch(record: Record, number: Any, was: str | None) -> None:
    if was == "complete":
        raise ViolationError(f"doubled: batch {number} was complete already")
    if any(record.rows["chunk", chunk].batch == number for chunk in record.open["chunk"]):
        raise ViolationError(f"partial: batch {number} is complete and has pending chunks")


def settled(record: Record) -> bool:
    """Whether nothing is left to do."""
    return not any(record.open.values())


def check_end(world: "World") -> None:
    """What is left in the record when the faults are over and everybody had time."""
    record = world.record
    if not settled(record):
        raise ViolationError(f"stalled: {_unsettled(record)}")
    _check_ledger(record)
    _check_cases(world)
    _check_worklist(record)
    told = Counter(record.rows["delivery", each].batch for each in record.deliveries)
    if told != Counter(record.batches):
        raise ViolationError(f"lost: of {record.batches} it was told {dict(told)} times that they are complete")
    delivered = {each for each in record.deliveries if _of(record, each).status == "delivered"}
    if lost := sorted(delivered - world.received):
        raise ViolationError(f"lost: deliveries {lost} are settled and never arrived")


def _check_ledger(record: Record) -> None:
    mac = seq = 0
    for number, subject, digest, chain in record.ledger:
        seq, mac = seq + 1, chained(mac, subject, digest)
        if (number, chain) != (seq, mac):
            raise ViolationError(f"ledger: entry {number} does not follow the one before")
    if (record.rows[HEAD].seq, record.rows[HEAD].mac) != (seq, mac):
        raise ViolationError("ledger: the head is not that of the last entry")
    leaves = [merkle.leaf_hash(leaf_of(number, subject, digest)) for number, subject, digest, _ in record.ledger]
    of_all = merkle.of_leaves(leaves)
    if any(of_all(level, at) != node for (level, at), node in record.nodes.items()) or record.leaves != len(leaves):
        raise ViolationError("ledger: its tree is not the one of its entries")


def _check_cases(world: "World") -> None:
    chunks = {chunk: world.record.rows["chunk", chunk] for chunk in world.record.chunks}
    failed = {case for row in chunks.values() if row.status == "failed" for case in row.cases}
    for batch, cases in world.accepted.items():
        mine = (row for row in chunks.values() if row.batch == batch and row.status != "split")
        if lost := sorted(set(cases) - {case for row in mine for case in row.cases}):
            raise ViolationError(f"lost: {lost} of batch {batch} are in no chunk")
        if lost := [case for case in cases if ("decision", case) not in world.record.rows and case not in failed]:
            raise ViolationError(f"lost: {lost} of batch {batch} are neither decided nor failed")
    for chunk, row in chunks.items():
        if row.status == "failed" and row.cases[0] not in world.poison and world.excuses[chunk] < MAX_TRIES:
            raise ViolationError(f"failed: nothing is wrong with the case of chunk {chunk}, and it was given up")


def _check_worklist(record: Record) -> None:
    if unknown := record.unknown():
        raise ViolationError(f"lost: {unknown} failed and are on no desk")
    newest: dict[int, int] = {}
    for table, version in record.rows:
        if table == "decision":
            newest[case_of(version)] = max(version, newest.get(case_of(version), 0))
    for case, version in newest.items():
        row = record.rows.get(("desk", case))
        if row is None or row.version < version:
            raise ViolationError(f"lost: version {version} of case {case} is decided and not on the desk")
    for case in record.desk:
        row = record.rows["desk", case]
        if record.rows.get(("seal", case)) != row.digest(record.reviews.get(case, 0)):
            raise ViolationError(f"seal: the row of case {case} is not as it was sealed")
        if row.failed and ("decision", record.newest[case]) in record.rows:
            raise ViolationError(f"failed: case {case} is told to have failed, and its newest version is decided")


def _of(record: Record, delivery: int) -> Delivery:
    row: Delivery = record.rows["delivery", delivery]
    return row


def _unsettled(record: Record) -> str:
    return ", ".join(f"{table} {number}" for table, numbers in record.open.items() for number in numbers)
