"""The migrations make what the tables say, and what only migrations can say."""

import importlib

import psycopg
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from models.database import migrate
from models.database.session import make_engine
from models.database.tables import METADATA
from rules.facts.notation.letters import one_form

CONSTRAINTS = (
    "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'alembic_version'"
)
INDEXES = "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
COLUMNS = (
    "SELECT table_name, column_name, data_type, is_nullable, is_identity, generation_expression "
    "FROM information_schema.columns "
    "WHERE table_schema = 'public' AND table_name <> 'alembic_version'"
)


def _catalogue(url: str) -> dict[str, set[tuple[object, ...]]]:
    with psycopg.connect(url) as connection:
        return {query: set(connection.execute(query)) for query in (CONSTRAINTS, INDEXES, COLUMNS)}


def test_the_head_is_the_metadata(database_url: str) -> None:
    engine = make_engine(database_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    engine.dispose()


def test_the_metadata_alone_makes_the_same_columns_constraints_and_indexes(database_url: str) -> None:
    migrated = _catalogue(database_url)
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
    engine = make_engine(database_url)
    METADATA.create_all(engine)
    engine.dispose()
    assert _catalogue(database_url) == migrated


def test_every_constraint_is_named_by_the_convention(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        names = {
            (kind, name)
            for kind, name in connection.execute(
                "SELECT contype, conname FROM pg_constraint c JOIN pg_class t ON t.oid = c.conrelid "
                "WHERE c.connamespace = 'public'::regnamespace AND t.relname <> 'alembic_version' AND contype <> 'n'"
            )
        }
    prefixes = {"p": "pk_", "f": "fk_", "u": "uq_", "c": "ck_"}
    assert [name for kind, name in names if not name.startswith(prefixes[kind])] == []


def test_append_only_tables_have_their_trigger(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        guarded = connection.execute("SELECT tgrelid::regclass::text FROM pg_trigger WHERE tgname = 'append_only'")
        assert {name for (name,) in guarded} == {
            "case_version",
            "decision",
            "decision_tree",
            "facts_dictionary",
            "ledger_node",
            "rejection",
            "review",
            "ledger",
        }


def test_decisions_are_stored_without_compression(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        stored = connection.execute(
            "SELECT attname FROM pg_attribute WHERE attrelid = 'decision'::regclass AND attstorage = 'e'"
        )
        assert {name for (name,) in stored} == {"facts", "outcome", "body"}


def test_a_database_knows_its_revision(database_url: str) -> None:
    assert migrate.current(database_url) == migrate.head()


def test_a_database_never_migrated_has_no_revision(database_url: str) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("DROP TABLE alembic_version")
    assert migrate.current(database_url) is None


def test_migrating_twice_changes_nothing(database_url: str) -> None:
    before = _catalogue(database_url)
    migrate.upgrade(database_url)
    assert _catalogue(database_url) == before


def test_the_forms_of_references_that_are_there_are_those_of_new_ones(database_url: str) -> None:
    form = importlib.import_module("models.migrations.versions.0011_ref_form").FORM
    references = ["FB-1", "fb_1", "ＦＢ－１", "FB – 1", "Ａ—b  c", "案 1", "X_-_9"]
    with psycopg.connect(database_url) as connection:
        query = f"SELECT {form} FROM unnest(%s::text[]) WITH ORDINALITY AS given (case_ref, n) ORDER BY n"  # noqa: S608
        found = [form for (form,) in connection.execute(query.encode(), [references])]
    assert found == [one_form(reference) for reference in references]
