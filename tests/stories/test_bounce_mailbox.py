"""What came back is read where it lies: by IMAP, in a Maildir, an mbox or a folder; marked as read, never removed."""

import mailbox
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from commitments.errors import SettingsError
from notifications.bounce_mailbox import read_letters

LETTERS = [f"Subject: {number}\r\n\r\nbody {number}\r\n".encode() for number in range(3)]


def read(place: str) -> list[bytes]:
    found: list[bytes] = []
    read_letters(place, found.append)
    return [one.replace(b"\r\n", b"\n").split(b"\n")[0] for one in found]


def test_a_folder_of_letters_is_read_whole_and_a_single_letter_as_well(tmp_path: Path) -> None:
    for number, letter in enumerate(LETTERS):
        (tmp_path / f"{number}.eml").write_bytes(letter)
    assert read(f"folder:{tmp_path}") == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]
    assert read(f"folder:{tmp_path / '1.eml'}") == [b"Subject: 1"]


def test_an_mbox_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "mbox"
    box = mailbox.mbox(path)
    for letter in LETTERS:
        box.add(letter)
    box.close()
    before = path.read_bytes()
    assert read(f"mbox:{path}") == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]
    assert path.read_bytes() == before


def test_a_maildir_is_read_once_and_its_letters_stay(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    for letter in LETTERS:
        box.add(letter)
    place = f"maildir:{tmp_path / 'box'}"
    assert sorted(read(place)) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]
    assert read(place) == []
    assert len(mailbox.Maildir(tmp_path / "box")) == 3


def test_what_was_not_finished_with_is_read_again(tmp_path: Path) -> None:
    box = mailbox.Maildir(tmp_path / "box")
    for letter in LETTERS:
        box.add(letter)

    def stop(_letter: bytes) -> None:
        raise RuntimeError("stopped")

    with pytest.raises(RuntimeError):
        read_letters(f"maildir:{tmp_path / 'box'}", stop)
    assert len(read(f"maildir:{tmp_path / 'box'}")) == 3


@pytest.mark.parametrize(
    "place", ["", "pop3://host", "/var/mail", "maildir:", "maildir:/nowhere/at/all", "imap://user:SECRET@127.0.0.1:9/x"]
)
def test_a_place_that_cannot_be_read_is_told_without_its_password(place: str) -> None:
    with pytest.raises(SettingsError) as told:
        read(place)
    assert "bounce mailbox" in str(told.value)
    assert "SECRET" not in str(told.value)


# By IMAP


@dataclass
class ImapServer:
    """As much of RFC 3501 as reading a mailbox takes, on a socket."""

    port: int = 0
    seen: set[int] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)

    def converse(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as stream:
            line.sendall(b"* OK ready\r\n")
            for raw in stream:
                tag, _, rest = raw.decode().strip().partition(" ")
                self.commands.append(rest)
                verb = " ".join(rest.split()[:2]).upper() if rest.upper().startswith("UID") else rest.split()[0].upper()
                answer = self._answer(verb, rest)
                line.sendall(
                    answer + f"{tag} {'NO no' if answer == b'' and verb == 'LOGIN' else 'OK done'}\r\n".encode()
                )
                if verb == "LOGOUT":
                    return

    def _answer(self, verb: str, rest: str) -> bytes:
        if verb == "CAPABILITY":
            return b"* CAPABILITY IMAP4rev1\r\n"
        if verb == "LOGIN":
            return b"* OK hello\r\n" if "p%w" in rest else b""
        if verb == "SELECT":
            return b"* 3 EXISTS\r\n"
        if verb == "UID SEARCH":
            return f"* SEARCH {' '.join(str(one + 1) for one in range(3) if one not in self.seen)}\r\n".encode()
        uid = int(rest.split()[2]) - 1 if verb.startswith("UID") else 0
        if verb == "UID FETCH" and "SIZE" in rest:
            return f"* {uid + 1} FETCH (UID {uid + 1} RFC822.SIZE {len(LETTERS[uid])})\r\n".encode()
        if verb == "UID FETCH":
            head = f"* {uid + 1} FETCH (UID {uid + 1} BODY[] {{{len(LETTERS[uid])}}}\r\n".encode()
            return head + LETTERS[uid] + b")\r\n"
        if verb == "UID STORE":
            self.seen.add(uid)
            return f"* {uid + 1} FETCH (FLAGS (\\Seen))\r\n".encode()
        return b"* BYE bye\r\n" if verb == "LOGOUT" else b"* OK\r\n"


@pytest.fixture
def imap() -> Iterator[ImapServer]:
    server = ImapServer()
    with socket.create_server(("127.0.0.1", 0)) as door:
        server.port = door.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    line, _ = door.accept()
                except OSError:
                    return
                server.converse(line)

        threading.Thread(target=serve, daemon=True).start()
        yield server
        door.shutdown(socket.SHUT_RDWR)


def test_a_mailbox_is_read_by_imap_each_letter_once(imap: ImapServer) -> None:
    place = f"imap://bounces%40city:p%25w@127.0.0.1:{imap.port}/Returned"
    assert read(place) == [b"Subject: 0", b"Subject: 1", b"Subject: 2"]
    assert imap.seen == {0, 1, 2}
    assert read(place) == []
    assert not any("EXPUNGE" in one.upper() or "DELETE" in one.upper() for one in imap.commands)


def test_a_letter_that_was_not_finished_with_stays_unread(imap: ImapServer) -> None:
    place = f"imap://bounces:p%25w@127.0.0.1:{imap.port}/INBOX"
    taken: list[bytes] = []

    def stop_at_the_second(letter: bytes) -> None:
        if taken:
            raise RuntimeError("stopped")
        taken.append(letter)

    with pytest.raises(RuntimeError):
        read_letters(place, stop_at_the_second)
    assert imap.seen == {0}


def test_a_wrong_password_is_told_without_it(imap: ImapServer) -> None:
    with pytest.raises(SettingsError) as told:
        read(f"imap://bounces:WRONG@127.0.0.1:{imap.port}/INBOX")
    assert "signing in failed" in str(told.value)
    assert "WRONG" not in str(told.value)
