"""The session, the tables' metadata, bulk copies and migrations: how the record is reached."""
