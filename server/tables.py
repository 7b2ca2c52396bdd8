"""The tables of the record. `changes` is the truth; feed and scopes can be made again from it.

Written for SQLite and PostgreSQL alike: numbers of the log and the feed are given out by the writer, not by the
database, so that both count alike. Changing a table here needs a migration (`server/migrations`).
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)


class Hex(TypeDecorator[str]):
    """Hex digits in Python, half as many bytes in the database."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> bytes | None:
        return None if value is None else bytes.fromhex(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else bytes(value).hex()


metadata = MetaData()

changes = Table(
    "changes",
    metadata,
    Column("log_index", BigInteger, primary_key=True, autoincrement=False),
    Column("hash", Hex(), nullable=False, unique=True),
    Column("case_id", Hex(), nullable=False),
    Column("actor", Hex(), nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("start_op", BigInteger, nullable=False),
    Column("deps", Hex(), nullable=False),  # the hashes one after the other
    Column("raw", LargeBinary, nullable=False),  # no bytes: erased
    Column("alg", Integer, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("device", String(64), nullable=False),
    Column("user", String(64), nullable=False),
    Column("device_seq", BigInteger, nullable=False),
    Column("received_at_ms", BigInteger, nullable=False),
    Column("vouched_by", String(64)),  # the device that signed in its author's place, after a restore; null: the author
    Column("residue", Text),  # what stays of the act's text once its content was erased (`py_core.residue`)
    UniqueConstraint("case_id", "actor", "seq"),
    Index("changes_of_device", "device", "device_seq"),  # twice only by a decision of the centre (`server.gate`)
    Index("changes_of_case", "case_id", "log_index"),
)

lineages = Table(  # the record's history by name; every number above 0 is a return from a backup
    "lineages",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("id", String(32), nullable=False, unique=True),
    Column("begun_at_ms", BigInteger, nullable=False),
    Column("log_size", BigInteger, nullable=False),  # how many acts the backup held
    Column("taken_at_ms", BigInteger),  # the moment of the backup; null: not known
)

case_units = Table(  # which units a case concerns and why (`server.scope`), no reason: it was let go; a projection
    "case_units",
    metadata,
    Column("unit", String(64), primary_key=True),
    Column("case_id", Hex(), primary_key=True),
    Column("reasons", String(128), nullable=False, server_default="concerned"),  # words, a space between two
    Index("units_of_case", "case_id"),
)

feed = Table(  # what each unit has to learn, in the order in which it became so
    "feed",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("unit", String(64), nullable=False),
    Column("case_id", Hex(), nullable=False),
    Column("log_index", BigInteger, nullable=False),
    Column("kind", Integer, nullable=False, server_default="0"),  # 0 an act, 1 the act that let the unit go
    Index("feed_of_unit", "unit", "n"),
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("device", String(64), nullable=False),
    Column("user", String(64), nullable=False),
    Column("case_id", Hex(), nullable=False),
    Column("hash", Hex(), nullable=False),  # change hash, or SHA-256 of bytes that are no change
    Column("raw", LargeBinary, nullable=False),
    Column("alg", Integer, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("reason", String(64), nullable=False),
    Column("waits_for", Hex()),  # the missing cause, for reason missing_dependency
    Column("first_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("released_at_ms", BigInteger),  # when the record took it after all
    Column("decided_at_ms", BigInteger),  # when the centre decided about it
    Column("decided_by", String(64)),
    Column("decision", String(16)),  # taken or left_out
    Column("why", Text),
    Column("device_seq", BigInteger),  # of its act, where `device` signed for it; 0: erased before
    UniqueConstraint("device", "case_id", "hash", "signature"),
    Index("quarantine_waiting", "waits_for"),
)

devices = Table(
    "devices",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64)),  # null: the server itself, which acts for whoever is signed in
    Column("alg", Integer, nullable=False),
    Column("public_key", LargeBinary, nullable=False),
    Column("name", String(128), nullable=False),
    Column("code", String(8), nullable=False, unique=True),
    Column("enrolled_at_ms", BigInteger, nullable=False),
    Column("enrolment", Text),  # the enrolment record as it was signed; null: the server's own, or of an older build
    Column("enrolment_sig", LargeBinary),
    Column("revoked_at_ms", BigInteger),
    Column("revoked_why", Text),
    Column("frozen_at_ms", BigInteger),  # since two of its acts bear one number: its profile exists twice
    Column("frozen_seq", BigInteger),  # that number
    Column("missing_to", BigInteger),  # up to this number somebody looked into what never came of it
    Column("missing_at_ms", BigInteger),
    Column("missing_by", String(64)),
    Column("missing_why", Text),
)

device_contacts = Table(  # what each device told of itself when it last spoke with the record
    "device_contacts",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("app", String(64), nullable=False),
    Column("waiting", BigInteger, nullable=False),
    Column("refused", BigInteger, nullable=False),
    Column("storage_used", BigInteger),  # bytes; null: not told
    Column("storage_quota", BigInteger),
    Column("storage_kept", Integer),  # 1: the browser promised not to clear it, 0: not, null: not told
    Column("clock_offset_ms", BigInteger),  # the device's clock less the record's time; null: not told
    Column("forked", Text),  # two heads of the log that do not fit (`py_core.log_watch.Fork`); null: none told
    Column("forked_at_ms", BigInteger),  # when it was told first
)

purges = Table(  # a device's word that it no longer holds a case
    "purges",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("case_id", Hex(), primary_key=True),
    Column("first_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
)

actors = Table(
    "actors",
    metadata,
    Column("actor", Hex(), primary_key=True),
    Column("device", String(64), nullable=False),
    Column("alg", Integer, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("announced_at_ms", BigInteger, nullable=False),
)

accounts = Table(
    "accounts",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("password_hash", String(256), nullable=False),
    Column("changed_at_ms", BigInteger, nullable=False),
    Column("one_time_until_ms", BigInteger),  # the hash is of a one-time code, good until then
)

second_factors = Table(
    "second_factors",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),  # the TOTP secret, encrypted with a key from the server's key file
    Column("confirmed_at_ms", BigInteger),  # null: shown, but no code of it was ever entered
    Column("last_step", BigInteger, nullable=False, server_default="0"),  # no code counts twice
)

recovery_codes = Table(  # those that were not used yet
    "recovery_codes",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("code_hash", LargeBinary, primary_key=True),
)

passkeys = Table(  # by which people sign in; each signs only challenges of this site (`server.passkeys`)
    "passkeys",
    metadata,
    Column("credential_id", LargeBinary, primary_key=True),
    Column("user", String(64), nullable=False),
    Column("alg", Integer, nullable=False),  # of COSE
    Column("public_key", LargeBinary, nullable=False),  # COSE
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(64), nullable=False),
    Column("added_at_ms", BigInteger, nullable=False),
    Column("used_at_ms", BigInteger),
    Index("passkeys_of_user", "user"),
)

used_challenges = Table(  # challenges that were answered, as long as they would still count: no answer counts twice
    "used_challenges",
    metadata,
    Column("challenge", LargeBinary, primary_key=True),
    Column("until_ms", BigInteger, nullable=False),
)

audit = Table(  # who did what to accounts, posts, sessions, devices; rows are only added, each bound to the one before
    "audit",
    metadata,
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("user", String(64), nullable=False),  # empty: nobody was signed in
    Column("what", String(32), nullable=False),
    Column("about", String(128), nullable=False),
    Column("detail", Text, nullable=False),  # a JSON object
    Column("hash", LargeBinary, nullable=False),
    Index("audit_about", "about", "n"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("user", String(64), nullable=False),
    Column("csrf", String(64), nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("seen_at_ms", BigInteger, nullable=False),
    Column("stage", String(16), nullable=False, server_default=""),  # what is still asked; empty: signed in
    Column("idle_ms", BigInteger, nullable=False, server_default="0"),
    Column("life_ms", BigInteger, nullable=False, server_default="0"),
    Column("address", String(64), nullable=False, server_default=""),
    Column("agent", String(200), nullable=False, server_default=""),
    Column("ended_at_ms", BigInteger),
)

wrong_passwords = Table(
    "wrong_passwords",
    metadata,
    Column("who", String(160), primary_key=True),  # "user:…" or "address:…"
    Column("times", Integer, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
)

directories = Table(
    "directories",
    metadata,
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("document", Text, nullable=False),
    Column("published_at_ms", BigInteger, nullable=False),
)

recomputations = Table(  # acts of the city document after which the open cases were counted anew
    "recomputations",
    metadata,
    Column("hash", Hex(), primary_key=True),
    Column("done_at_ms", BigInteger, nullable=False),
    Column("moved", Integer, nullable=False),  # cases with another date
)

attachments = Table(  # contents that are here as a whole, with the hash that names them
    "attachments",
    metadata,
    Column("sha256", Hex(), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("type", String(32), nullable=False),  # by the content, whatever an act says
    Column("holder", String(64), nullable=False),  # under whose upload the chunks lie
    Column("complete_at_ms", BigInteger, nullable=False),
)

attachment_uploads = Table(  # who has sent which content: everybody has to prove that they hold it
    "attachment_uploads",
    metadata,
    Column("sha256", Hex(), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("bytes", BigInteger, nullable=False),
    Column("received", BigInteger, nullable=False),
    Column("started_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("complete_at_ms", BigInteger),
    Index("attachment_uploads_of_user", "user", "started_at_ms"),
)

attachment_chunks = Table(
    "attachment_chunks",
    metadata,
    Column("sha256", Hex(), primary_key=True),
    Column("user", String(64), primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

attachment_names = Table(  # a projection of the log: whose acts name which content in which case
    "attachment_names",
    metadata,
    Column("sha256", Hex(), primary_key=True),
    Column("case_id", Hex(), primary_key=True),
    Column("user", String(64), primary_key=True),
)

tools = Table(  # other software that may use the door at /automerge; each is a device whose key the record keeps
    "tools",
    metadata,
    Column("device", String(64), primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("key_salt", String(64), nullable=False),
    Column("may_write", Integer, nullable=False),
    Column("expires_at_ms", BigInteger, nullable=False),
)

carried_files = Table(  # outbox files that somebody brought to the centre, with what became of them
    "carried_files",
    metadata,
    Column("file", Hex(), primary_key=True),  # SHA-256
    Column("device", String(64), nullable=False),
    Column("user", String(64), nullable=False),
    Column("brought_by", String(64), nullable=False),  # empty: by the command line
    Column("first_at_ms", BigInteger, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("times", Integer, nullable=False),
    Column("acts", Integer, nullable=False),
    Column("answer", LargeBinary, nullable=False),  # the frames of its receipts file, as far as they stay
    Column("held", LargeBinary),  # ids of the cases that were on the device, 16 bytes each; null: it did not say
)

log_tiles = Table(  # two Merkle trees (0 acts, 1 registry), up to 256 hashes of a level in each row (`server.log_tree`)
    "log_tiles",
    metadata,
    Column("tree", Integer, primary_key=True, autoincrement=False),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("n", BigInteger, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
)

registry = (
    Table(  # whose keys sign, which directory and law were in force: each a canonical JSON text, a leaf of tree 1
        "registry",
        metadata,
        Column("n", BigInteger, primary_key=True, autoincrement=False),
        Column("kind", String(32), nullable=False),
        Column("subject", String(128), nullable=False),
        Column("text", Text, nullable=False),
        Index("registry_of_subject", "kind", "subject"),
    )
)

checkpoints = Table(  # signed notes of both trees; never changed
    "checkpoints",
    metadata,
    Column("acts_size", BigInteger, primary_key=True, autoincrement=False),
    Column("registry_size", BigInteger, primary_key=True, autoincrement=False),
    Column("made_at_ms", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
)

record_keys = Table(  # the record's public keys from the first on, each signed by the one before it
    "record_keys",
    metadata,
    Column("n", Integer, primary_key=True, autoincrement=False),
    Column("alg", Integer, nullable=False, server_default="1"),
    Column("public_key", LargeBinary, nullable=False),
    Column("since_ms", BigInteger, nullable=False),
    Column("signature", LargeBinary, nullable=False),
)

calendar_feeds = Table(  # secret addresses for calendar programs, one a person
    "calendar_feeds",
    metadata,
    Column("user", String(64), primary_key=True),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("made_at_ms", BigInteger, nullable=False),
)
