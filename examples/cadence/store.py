"""The tables, in memory: what the members entered, whatever their settings say."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterable
from itertools import islice

from cadence.people import NAMES, NOW, Row, catalogue, crowd_rows, persona_rows, personas

_BATCH = 5000

sqlite3.register_converter("JSON", lambda stored: json.loads(stored.decode()))
sqlite3.register_converter("BOOLEAN", lambda stored: stored == b"1")

_TABLES = """
CREATE TABLE members (
    id TEXT PRIMARY KEY, username TEXT UNIQUE COLLATE NOCASE, password BLOB,
    image_url TEXT, tags JSON, location TEXT,
    is_profile_private BOOLEAN, hide_age BOOLEAN,
    effort_zones_private BOOLEAN, workout_maps_private BOOLEAN, notification_email TEXT,
    total_followers INTEGER, total_following INTEGER, total_workouts INTEGER,
    workout_counts JSON, streaks JSON, achievements JSON, records JSON,
    last_workout_at INTEGER, active_days JSON,
    age_decade TEXT, gender TEXT, birthday TEXT, age REAL, weight REAL, height REAL,
    cycling_ftp REAL, default_max_heart_rate REAL,
    first_name TEXT, last_name TEXT, email TEXT, phone_number TEXT, card_expires_at TEXT,
    member_groups JSON, is_internal_beta_tester BOOLEAN, in_studio BOOLEAN,
    facebook_access_token TEXT, roles JSON
);
CREATE TABLE workouts (
    id TEXT PRIMARY KEY, user_id TEXT, peloton_id TEXT, ride_id TEXT, title TEXT, status TEXT,
    created_at INTEGER, start_time INTEGER, end_time INTEGER, total_work REAL,
    leaderboard_rank INTEGER, distance REAL, calories REAL,
    timezone TEXT, device_type TEXT, strava_id TEXT, fitbit_id TEXT,
    average_heart_rate REAL, effort_zones JSON, heart_rate JSON, output JSON, route JSON
);
CREATE TABLE follows (
    follower TEXT, followed TEXT, status TEXT, PRIMARY KEY (follower, followed)
);  -- status: approved, pending, ended
CREATE TABLE blocks (owner TEXT, blocked TEXT, PRIMARY KEY (owner, blocked));
CREATE TABLE sessions (id TEXT PRIMARY KEY, user_id TEXT);
CREATE TABLE export_links (user_id TEXT PRIMARY KEY);  -- of whom there is a link; no row: revoked
CREATE TABLE rides (
    id TEXT PRIMARY KEY, title TEXT, description TEXT, duration INTEGER, difficulty REAL,
    instructor_id TEXT, location TEXT, scheduled_at INTEGER
);
CREATE TABLE instructors (id TEXT PRIMARY KEY, name TEXT, bio TEXT, location TEXT);
CREATE TABLE pelotons (
    id TEXT PRIMARY KEY, ride_id TEXT, start_time INTEGER, status TEXT, is_live BOOLEAN,
    total_home_reservations INTEGER
);
"""

_INDICES = """
CREATE INDEX workouts_of_member ON workouts (user_id);
CREATE INDEX workouts_in_class ON workouts (peloton_id, total_work);
CREATE INDEX followers_of ON follows (followed);
"""

_FOLLOWS = (
    ("flo", "pia", "approved"),
    ("pen", "pia", "pending"),
    ("exa", "pia", "ended"),
    ("blo", "pia", "ended"),
    ("pia", "ann", "approved"),
    ("hida", "ann", "approved"),
    ("ann", "ina", "approved"),
)


def password_hash(password: str, username: str) -> bytes:
    """Salted by the user name. Cheap rounds: every password here is made up."""
    return hashlib.scrypt(password.encode(), salt=username.lower().encode(), n=256, r=8, p=1)


def opened(members: int, seed: int) -> sqlite3.Connection:
    """A database in memory with the personas and a crowd of `members`."""
    # Handlers run on one event loop, which need not be the thread that fills the tables.
    db = sqlite3.connect(":memory:", check_same_thread=False, detect_types=sqlite3.PARSE_DECLTYPES)
    db.row_factory = sqlite3.Row
    db.executescript(_TABLES)
    people = _fill_personas(db, seed)
    crowd = _fill_crowd(db, seed, members)
    _fill_edges(db, people, crowd)
    _fill_catalogue(db, seed)
    db.executescript(_INDICES)
    db.commit()
    return db


def _insert(db: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    source = iter(rows)
    while batch := list(islice(source, _BATCH)):
        columns = list(batch[0])
        marks = ", ".join("?" * len(columns))
        statement = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        db.executemany(statement, [tuple(row.values()) for row in batch])


def _fill_personas(db: sqlite3.Connection, seed: int) -> dict[str, str]:
    accounts = personas(seed)
    ids: dict[str, str] = {}
    for name, (member, workouts) in zip(NAMES, persona_rows(seed), strict=True):
        username, password = accounts[name]
        ids[name] = str(member["id"])
        _insert(db, "members", [{**member, "password": password_hash(password, username)}])
        _insert(db, "workouts", workouts)
        _insert(db, "export_links", [{"user_id": ids[name]}])
    return ids


def _fill_crowd(db: sqlite3.Connection, seed: int, members: int) -> list[str]:
    """The ids of the first few."""
    first: list[str] = []
    rows = crowd_rows(seed, members)
    while batch := list(islice(rows, _BATCH)):
        first = first or [str(member["id"]) for member, _ in batch[:24]]
        _insert(db, "members", (member for member, _ in batch))
        _insert(db, "workouts", (workout for _, workout in batch))
    return first


def _fill_edges(db: sqlite3.Connection, people: dict[str, str], crowd: list[str]) -> None:
    edges = [(people[follower], people[followed], how) for follower, followed, how in _FOLLOWS]
    edges += [(other, people[name], "approved") for name in NAMES[:4] for other in crowd[:8]]
    edges += [(people[name], other, "approved") for name in NAMES[:4] for other in crowd[8:16]]
    db.executemany("INSERT INTO follows VALUES (?, ?, ?)", edges)
    db.execute("INSERT INTO blocks VALUES (?, ?)", (people["pia"], people["blo"]))


def _fill_catalogue(db: sqlite3.Connection, seed: int) -> None:
    places = catalogue(seed)
    names = ("Ina Marlowe", "Otto Brandt", "Ruth Okafor")
    db.executemany(
        "INSERT INTO instructors VALUES (?, ?, ?, ?)",
        [
            (each, name, f"{name} teaches climbs and recovery rides.", "Studio One, New York")
            for each, name in zip(places.instructors, names, strict=True)
        ],
    )
    db.executemany(
        "INSERT INTO rides VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                ride,
                f"{20 + 5 * index} min climb",
                "Warm-up, three hills, cool-down.",
                1200 + 300 * index,
                5.25 + index / 2,
                places.instructors[index % 3],
                "Studio One, New York",
                NOW - 86_400 * index,
            )
            for index, ride in enumerate(places.rides)
        ],
    )
    db.executemany(
        "INSERT INTO pelotons VALUES (?, ?, ?, ?, ?, ?)",
        [
            (places.live_class, places.rides[0], NOW, "IN_PROGRESS", True, 1204),
            (places.past_class, places.rides[1], NOW - 86_400, "ENDED", False, 3177),
        ],
    )
