"""Who knows the hash of a file does not get it by that: it is handed out where it was handed in, until withdrawn."""

import re
from hashlib import sha256

import pytest

from commitments.tables import evidence
from tests.portal.desk import Desk
from tests.portal.test_files import bring
from tests.portal.test_passed_on_files import apply, download

SECRET = b"The salaries of North, handed in by mistake"
DIGEST = sha256(SECRET).hexdigest()
NOWHERE = sha256(b"nobody has this").hexdigest()
PIECE = """    evidence:
      - reference: named
        title: Mine
        file: a.txt
        sha256: {digest}
        added_on: 2026-03-02
"""
BRIDGE = "/agreements/north-south/commitments/bridge"


def hand_in(desk: Desk, who: str, content: bytes) -> int:
    """Hand in a file as evidence for the bridge, by its form."""
    desk.sign_in(who)
    sent = {"token": desk.token(), "title": "Mine"}
    file = {"file": ("a.txt", content)}
    answer = desk.client.post(f"{BRIDGE}/evidence", data=sent, files=file, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    return int(desk.rows(evidence)[-1].id)


def name_hash(desk: Desk, digest: str) -> int:
    """Bring a file by which the friendship has evidence with this hash; gives its number."""
    text = download(desk, "li", "yaml").decode()
    if "reference: named" not in text:
        orphan = text.index("  - reference: orphan\n")
        text = text[:orphan] + PIECE.format(digest=digest) + text[orphan:]
    text = re.sub(r"(reference: named\n.*?sha256: )\w+", rf"\g<1>{digest}", text, flags=re.DOTALL)
    apply(desk, text.encode(), "yaml", "li")
    return int(desk.rows(evidence, evidence.c.reference == "named")[0].id)


@pytest.mark.parametrize("is_withdrawn", [True, False])
def test_who_knows_a_hash_reads_nothing_by_it_and_does_not_learn_whether_the_file_is_kept(
    desk: Desk, is_withdrawn: bool
) -> None:
    kept = hand_in(desk, "ann", SECRET)
    if is_withdrawn:
        desk.act(f"/evidence/{kept}/withdraw", why="A mistake")
    told = set()
    for digest in (DIGEST, NOWHERE):
        named = name_hash(desk, digest)
        assert named != kept
        page = desk.get(f"/evidence/{named}", 404)
        assert "salaries" not in page
        told.add(page[page.index("<main") :])
    assert len(told) == 1, "the same is said of a file that is kept and of one that is not"


def test_who_handed_a_file_in_does_not_turn_it_into_another_by_a_file(desk: Desk) -> None:
    desk.act(f"/evidence/{hand_in(desk, 'ann', SECRET)}/withdraw", why="A mistake")
    own = hand_in(desk, "li", b"Something of our own")
    text = download(desk, "li", "yaml").decode()
    page = bring(desk, text.replace(sha256(b"Something of our own").hexdigest(), DIGEST), who="li")
    assert "不会有任何变化" in page
    assert desk.client.get(f"/evidence/{own}").content == b"Something of our own"


def test_what_was_handed_in_is_still_handed_out_to_both_sides(desk: Desk) -> None:
    kept = hand_in(desk, "ann", SECRET)
    desk.sign_in("li")
    assert desk.client.get(f"/evidence/{kept}").content == SECRET
