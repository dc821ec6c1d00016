"""The shapes of the document. Answers are plain dicts; these say what may stand in them.

One document serves all three stages, so it declares what the leaking stages show, and every
property is optional.
"""

from __future__ import annotations

from typing import Any, NotRequired

from typing_extensions import TypedDict


class Problem(TypedDict):
    detail: str


class Relationship(TypedDict, total=False):
    """How the caller and the member stand to each other."""

    me_to_user: str
    user_to_me: str


class WorkoutCount(TypedDict, total=False):
    name: str
    slug: str
    count: int


class Streaks(TypedDict, total=False):
    current_days: int
    best_days: int
    started_on: str


class Achievement(TypedDict, total=False):
    id: str
    name: str
    earned_at: int


class PersonalRecord(TypedDict, total=False):
    slug: str
    value: float
    workout_id: str
    achieved_on: str


class MemberCard(TypedDict, total=False):
    """A member as lists show one."""

    id: str
    username: str
    image_url: str
    is_profile_private: bool
    tags: list[str]
    relationship: Relationship
    authed_user_follows: bool
    category: str
    location: str
    total_followers: int
    total_following: int
    total_workouts: int


class Member(MemberCard, total=False):
    """A member, as others see one and as one sees oneself."""

    last_workout_at: int
    workout_counts: list[WorkoutCount]
    streaks: Streaks
    age_decade: str
    gender: str
    birthday: str
    age: float
    weight: float
    height: float
    cycling_ftp: float
    default_max_heart_rate: float
    first_name: str
    last_name: str
    email: str
    phone_number: str
    card_expires_at: str
    member_groups: list[str]
    is_internal_beta_tester: bool
    in_studio: bool
    roles: list[str]
    facebook_access_token: str


class MemberJoined(TypedDict, total=False):
    """A member inside a workout, on `joins=user`."""

    id: str
    username: str
    image_url: str
    is_profile_private: bool
    tags: list[str]
    location: str
    total_workouts: int
    last_workout_at: int
    age_decade: str
    gender: str
    birthday: str


class MemberStats(TypedDict, total=False):
    """A member inside the statistics of a live class."""

    id: str
    username: str
    image_url: str
    is_profile_private: bool
    location: str
    gender: str
    age: float
    weight: float
    in_studio: bool
    member_groups: list[str]
    total_followers: int
    total_workouts: int


class MemberPage(TypedDict, total=False):
    """No count: next to a list out of which somebody was left it would tell that they exist."""

    data: list[MemberCard]


class FollowPage(TypedDict, total=False):
    """One side of a member's follows: who follows, or who is followed."""

    user_id: str
    data: list[MemberCard]
    total: int


class BlockedMember(TypedDict, total=False):
    """Whom one has blocked: enough to lift it again."""

    id: str
    username: str


class BlockedPage(TypedDict, total=False):
    user_id: str
    data: list[BlockedMember]
    total: int


class Login(TypedDict):
    username_or_email: str
    password: str


class LoggedIn(TypedDict, total=False):
    session_id: str
    user_id: str
    user_data: Member


class SessionCheck(TypedDict, total=False):
    is_valid: bool
    user_id: str


class MemberChanges(TypedDict, total=False):
    username: str
    birthday: str
    email: str
    first_name: str
    last_name: str
    gender: str
    height: float
    location: str
    phone_number: str
    weight: float
    member_groups: list[str]
    is_internal_beta_tester: bool


class Settings(TypedDict, total=False):
    """What a member chose on the privacy page."""

    user_id: str
    is_profile_private: bool
    hide_age: bool
    effort_zones_private: bool
    workout_maps_private: bool
    notification_email: str


class Overview(TypedDict, total=False):
    user_id: str
    workout_counts: list[WorkoutCount]
    streaks: Streaks
    personal_records: list[PersonalRecord]
    achievements: list[Achievement]


class Calendar(TypedDict, total=False):
    user_id: str
    active_days: list[str]


class Achievements(TypedDict, total=False):
    user_id: str
    achievements: list[Achievement]


class RelationshipChange(TypedDict):
    """`action`: follow, unfollow, approve, block or unblock."""

    user_id: str
    action: str


class Ride(TypedDict, total=False):
    """A recorded class of the catalogue."""

    id: str
    title: str
    description: str
    duration: int
    difficulty: float
    instructor_id: str
    location: str
    scheduled_at: int


class RidePage(TypedDict, total=False):
    data: list[Ride]
    total: int


class Instructor(TypedDict, total=False):
    """Somebody who teaches, as the catalogue advertises them."""

    id: str
    name: str
    bio: str
    location: str


class InstructorPage(TypedDict, total=False):
    data: list[Instructor]
    total: int


class EffortZones(TypedDict, total=False):
    """Seconds in each heart rate zone."""

    z1: int
    z2: int
    z3: int
    z4: int
    z5: int


class WorkoutBase(TypedDict, total=False):
    id: str
    user_id: str
    peloton_id: str
    ride_id: str
    title: str
    status: str
    created_at: int
    start_time: int
    end_time: int
    total_work: float
    leaderboard_rank: int
    timezone: str
    device_type: str
    strava_id: str
    fitbit_id: str
    average_heart_rate: float
    effort_zones: EffortZones


class Workout(WorkoutBase, total=False):
    user: MemberJoined
    ride: Ride


class WorkoutPage(TypedDict, total=False):
    data: list[Workout]
    total: int


class WorkoutListed(WorkoutBase, total=False):
    """A workout in its owner's history, where nothing is joined to it."""


class WorkoutHistory(TypedDict, total=False):
    data: list[WorkoutListed]
    total: int


class WorkoutSummary(TypedDict, total=False):
    id: str
    user_id: str
    total_work: float
    distance: float
    calories: float
    average_heart_rate: float


class WorkoutDetails(TypedDict, total=False):
    """A workout of a live class, with who rides it."""

    id: str
    user_id: str
    peloton_id: str
    ride_id: str
    title: str
    total_work: float
    leaderboard_rank: int
    average_heart_rate: float
    user: MemberStats


class WorkoutIds(TypedDict):
    ids: list[str]


class WorkoutDetailsPage(TypedDict, total=False):
    data: list[WorkoutDetails]


class Point(TypedDict, total=False):
    latitude: float
    longitude: float


class PerformanceGraph(TypedDict, total=False):
    workout_id: str
    user_id: str
    output: list[float]
    heart_rate: list[float]
    effort_zones: EffortZones
    route: list[Point]


class ExportRow(TypedDict, total=False):
    """A line of the history that a member downloads."""

    workout_id: str
    user_id: str
    start_time: int
    title: str
    total_work: float
    average_heart_rate: float
    timezone: str
    device_type: str


class ExportLink(TypedDict, total=False):
    """A member's link to their history; when it is revoked, that alone."""

    user_id: str
    is_revoked: bool
    link_id: str
    url: str
    expires_at: int


class SharedExportRow(TypedDict, total=False):
    """A line of the history that somebody downloads by the owner's link."""

    workout_id: str
    user_id: str
    start_time: int
    title: str
    total_work: float


class Peloton(TypedDict, total=False):
    """A class at a time, live or past."""

    id: str
    ride_id: str
    start_time: int
    status: str
    is_live: bool
    total_home_reservations: int
    total_workouts: int


class Participant(TypedDict, total=False):
    """A row of the leaderboard."""

    workout_id: str
    user_id: str
    username: str
    image_url: str
    is_profile_private: bool
    location: str
    total_work: float


class ParticipantPage(TypedDict, total=False):
    data: list[Participant]
    total: int


class GraphQuestion(TypedDict):
    """A query in GraphQL, and what stands for its variables."""

    query: str
    variables: NotRequired[dict[str, Any] | None]
    operationName: NotRequired[str | None]


class GraphMistake(TypedDict, total=False):
    message: str
    path: list[str | int]
    locations: list[dict[str, int]]


class GraphAnswer(TypedDict, total=False):
    """What a query chose; its schema is that of GraphQL, not of this document."""

    data: dict[str, Any] | None
    errors: list[GraphMistake]
