"""A mail server that keeps nothing but a line per mail: fast enough not to be what a benchmark measures.

`python benchmarks/sink.py --port 0 --log FILE` prints its port, then takes mail on 127.0.0.1 until it is ended.
Each accepted mail adds one line per recipient to FILE: message id, recipient, yes or no for `X-Tallystick-Repeat`.

Faults, each with its share of the mails, drawn from `--seed`:

mail_4xx, mail_5xx      the sender is refused
mail_421                the sender is answered with 421, and the connection closed
rcpt_4xx, rcpt_5xx      the recipient is refused
rcpt_552                the recipient's mailbox is full
data_4xx, data_5xx      the mail is refused after its final dot
drop_mid_data           the connection is reset at the first bytes of the body; nothing is taken
drop_after_ok           the mail is taken and logged, and the connection reset before the 250 is said
close_after_ok          the mail is taken, the 250 is said, and the connection closed
stall                   MAIL is never answered
stall_after_data        the final dot is never answered, and nothing is taken
slow                    the mail is taken, and the 250 said a fifth of a second later

With `--delay MS` each answer comes so many milliseconds late, as from a server far away.
"""

import argparse
import asyncio
import os
import random
import re
import signal
import socket
from contextlib import suppress

FAULTS = (
    "mail_4xx", "mail_5xx", "mail_421", "rcpt_4xx", "rcpt_5xx", "rcpt_552", "data_4xx", "data_5xx",
    "drop_mid_data", "drop_after_ok", "close_after_ok", "stall", "stall_after_data", "slow",
)  # fmt: skip
_MESSAGE_ID = re.compile(rb"^Message-ID:\s*(\S+)", re.I | re.M)
_REPEAT = re.compile(rb"^X-Tallystick-Repeat:\s*yes", re.I | re.M)
_SLOWNESS = 0.2
_QUICKACK = getattr(socket, "TCP_QUICKACK", None)


class Ledger:
    """What the sink keeps: the log's file descriptor, the faults and the dice."""

    def __init__(
        self, log: int | None, faults: dict[str, float], seed: int, offers: list[bytes], delay: float = 0
    ) -> None:
        self.delay = delay
        self.log = log
        self.faults = faults
        self.dice = random.Random(seed)
        self.offers = offers

    def strikes(self, fault: str) -> bool:
        share = self.faults.get(fault)
        return share is not None and self.dice.random() < share

    def write(self, body: bytes, recipients: list[bytes]) -> None:
        if self.log is None:
            return
        head = body.partition(b"\r\n\r\n")[0]
        found = _MESSAGE_ID.search(head)
        name = found[1] if found else b"-"
        repeat = b"yes" if _REPEAT.search(head) else b"no"
        # One unbuffered write before the 250, so that a reader of the log never misses an accepted mail.
        os.write(self.log, b"".join(b"%s\t%s\t%s\n" % (name, recipient, repeat) for recipient in recipients))


class Conversation(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.buffer = bytearray()
        self.recipients: list[bytes] = []
        self.sender = False
        self.in_data = False
        self.scanned = 0
        self.dead = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.socket = transport.get_extra_info("socket")
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._acknowledge_at_once()
        transport.write(b"220 sink ESMTP\r\n")

    def _acknowledge_at_once(self) -> None:
        # A client that writes body and dot apart would otherwise wait 40 ms for the delayed ACK; the kernel
        # forgets the option, so it is set again for every packet.
        if _QUICKACK is not None:
            with suppress(OSError):
                self.socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)

    def data_received(self, data: bytes) -> None:
        self._acknowledge_at_once()
        self.buffer += data
        replies: list[bytes] = []
        while not self.dead and (self._take_body(replies) if self.in_data else self._take_command(replies)):
            pass
        if replies and self.ledger.delay:
            asyncio.get_running_loop().call_later(self.ledger.delay, self._answer, replies)
        else:
            self._answer(replies)

    def _take_command(self, replies: list[bytes]) -> bool:
        end = self.buffer.find(b"\r\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end])
        del self.buffer[: end + 2]
        verb = line[:4].upper()
        ledger = self.ledger
        if verb == b"MAIL":
            if ledger.strikes("stall"):
                self.dead = True
            elif ledger.strikes("mail_421"):
                self._answer_and_close([*replies, b"421 4.7.0 too many connections, try again later\r\n"])
                replies.clear()
            elif ledger.strikes("mail_4xx"):
                replies.append(b"451 4.3.0 sender refused for now\r\n")
            elif ledger.strikes("mail_5xx"):
                replies.append(b"550 5.7.1 sender refused\r\n")
            else:
                self.sender, self.recipients = True, []
                replies.append(b"250 2.1.0 ok\r\n")
        elif verb == b"RCPT":
            if not self.sender:
                replies.append(b"503 5.5.1 MAIL first\r\n")
            elif ledger.strikes("rcpt_4xx"):
                replies.append(b"451 4.2.1 mailbox busy\r\n")
            elif ledger.strikes("rcpt_552"):
                replies.append(b"552 5.2.2 mailbox full\r\n")
            elif ledger.strikes("rcpt_5xx"):
                replies.append(b"550 5.1.1 no such user\r\n")
            else:
                self.recipients.append(line[line.find(b"<") + 1 : line.rfind(b">")])
                replies.append(b"250 2.1.5 ok\r\n")
        elif verb == b"DATA":
            if not self.recipients:
                replies.append(b"503 5.5.1 no valid recipients\r\n")
            else:
                self.in_data, self.scanned = True, 0
                replies.append(b"354 go on\r\n")
        elif verb in (b"EHLO", b"HELO"):
            offers = self.ledger.offers if verb == b"EHLO" else []
            lines = [b"sink", *offers]
            replies.append(b"".join(b"250-%s\r\n" % each for each in lines[:-1]) + b"250 %s\r\n" % lines[-1])
        elif verb in (b"RSET", b"NOOP"):
            if verb == b"RSET":
                self.sender, self.recipients = False, []
            replies.append(b"250 2.0.0 ok\r\n")
        elif verb == b"QUIT":
            self._answer_and_close([*replies, b"221 2.0.0 bye\r\n"])
            replies.clear()
        else:
            replies.append(b"502 5.5.2 unknown\r\n")
        return True

    def _take_body(self, replies: list[bytes]) -> bool:
        if not self.buffer:
            return False
        ledger = self.ledger
        if self.scanned == 0 and ledger.strikes("drop_mid_data"):
            self._reset()
            return False
        empty = self.buffer[:3] == b".\r\n"
        end = 0 if empty else self.buffer.find(b"\r\n.\r\n", max(0, self.scanned - 4))
        if end < 0:
            self.scanned = len(self.buffer)
            return False
        body = bytes(self.buffer[:end])
        del self.buffer[: end + (3 if empty else 5)]
        recipients, self.recipients = self.recipients, []
        self.in_data = self.sender = False
        if ledger.strikes("data_4xx"):
            replies.append(b"451 4.3.0 try again later\r\n")
        elif ledger.strikes("data_5xx"):
            replies.append(b"554 5.6.0 content refused\r\n")
        elif ledger.strikes("stall_after_data"):
            self.dead = True
        else:
            ledger.write(body, recipients)
            if ledger.strikes("drop_after_ok"):
                self._reset()
                return False
            replies.append(b"250 2.0.0 taken\r\n")
            if ledger.strikes("close_after_ok"):
                self._answer_and_close(replies)
                replies.clear()
            elif ledger.strikes("slow"):
                asyncio.get_running_loop().call_later(_SLOWNESS, self._answer, list(replies))
                replies.clear()
        return True

    def _answer(self, replies: list[bytes]) -> None:
        if replies and not self.transport.is_closing():
            self.transport.write(b"".join(replies))

    def _answer_and_close(self, replies: list[bytes]) -> None:
        self.transport.write(b"".join(replies))
        self.transport.close()
        self.dead = True

    def _reset(self) -> None:
        self.dead = True
        self.transport.abort()


def read_faults(orders: list[str]) -> dict[str, float]:
    """Read `name:share` orders; a share is between 0 and 1."""
    faults = {}
    for order in orders:
        name, _, share = order.partition(":")
        if name not in FAULTS:
            raise SystemExit(f"unknown fault {name!r}; there are {', '.join(FAULTS)}")
        faults[name] = float(share or 1)
    return faults


async def serve(port: int, ledger: Ledger) -> None:
    """Take mail on 127.0.0.1 until SIGTERM or SIGINT; print the port first."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Conversation(ledger), "127.0.0.1", port, backlog=512)
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    print(server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="A fast SMTP sink on 127.0.0.1.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--log", help="append a line per accepted mail")
    parser.add_argument("--fault", action="append", default=[], metavar="NAME:SHARE")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--delay", type=int, default=0, metavar="MS")
    parser.add_argument("--no-pipelining", action="store_true", help="do not offer PIPELINING")
    asked = parser.parse_args()
    log = os.open(asked.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600) if asked.log else None
    offers = [b"SIZE 26214400", b"8BITMIME", b"ENHANCEDSTATUSCODES"]
    if not asked.no_pipelining:
        offers.insert(0, b"PIPELINING")
    asyncio.run(serve(asked.port, Ledger(log, read_faults(asked.fault), asked.seed, offers, asked.delay / 1000)))


if __name__ == "__main__":
    main()
