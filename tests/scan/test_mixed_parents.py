"""An object of somebody's, asked for below what the viewer owns, at every level above it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.scan.verdicts import NAMES, Api, Told, path, schema, told

ALBUMS = {f"al-{id}-77": id for id in NAMES.values()}
PHOTOS = {
    f"ph-{album}-{number}": {
        "id": f"ph-{album}-{number}", "album_id": album, "user_id": id,
        "caption": f"caption {number} of {album}",
    }
    for album, id in ALBUMS.items()
    for number in (1, 2)
}  # fmt: skip
POLICY = """\
  Album: {key: id, owner: user_id, fields: {"id, user_id": [{see: [owner]}]}}
  Photo:
    {key: id, owner: user_id, main: getPhoto,
     fields: {"id, album_id, user_id, caption": [{see: [owner]}]}}
operations:
  listAlbums: {params: {userId: Me.id}}
  listPhotos: {params: {userId: Me.id, albumId: Album.id}}
  getPhoto: {params: {userId: Me.id, albumId: Album.id, photoId: Photo.id}}
"""


def gallery(folder: Path, checks: str) -> Told:
    """Users keep albums of photos. `checks`: whether a photo has to be in the album (`all`), or
    only the user and the album to be the caller's (`above`)."""

    def albums(who: str, user: str) -> Any:
        mine = NAMES.get(who) == user
        return (
            [{"id": a, "user_id": user} for a, id in ALBUMS.items() if id == user] if mine else 404
        )

    def photos(who: str, user: str, album: str) -> Any:
        mine = NAMES.get(who) == user == ALBUMS.get(album)
        return [each for each in PHOTOS.values() if each["album_id"] == album] if mine else 404

    def photo(who: str, user: str, album: str, id: str) -> Any:
        found = PHOTOS.get(id)
        if found is None or not NAMES.get(who) == user == ALBUMS.get(album):
            return 404
        return found if checks == "above" or found["album_id"] == album else 404

    one = "/users/([^/]+)/albums"
    api = Api(
        {one: albums, f"{one}/([^/]+)/photos": photos, f"{one}/([^/]+)/photos/([^/]+)": photo}
    )
    shapes = schema("Album", id="string", user_id="string") + schema(
        "Photo", id="string", album_id="string", user_id="string", caption="string"
    )
    paths = (
        path("/users/{userId}/albums", "listAlbums", "Album", many=True)
        + path("/users/{userId}/albums/{albumId}/photos", "listPhotos", "Photo", many=True)
        + path("/users/{userId}/albums/{albumId}/photos/{photoId}", "getPhoto", "Photo")
    )
    return told(folder, shapes, paths, POLICY, api)


@pytest.mark.parametrize("checks", ["above", "all"])
def test_a_photo_is_asked_for_below_an_album_of_the_viewers_own(
    tmp_path: Path, checks: str
) -> None:
    """The viewer's album is asked for first: nothing but this question needs it (CWE-639)."""
    run = gallery(tmp_path, checks)
    leaks = {("Photo.caption", "member")} if checks == "above" else set()
    assert run.proven & {("Photo.caption", "member")} == leaks
    assert {each.viewer for each in run.report.findings} <= {"member"}
    assert bool(run.report.findings) is (checks == "above")
