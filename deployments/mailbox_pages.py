"""The pages of the local mailbox: what was sent, newest first, and each letter as its reader would see it.

A letter is foreign text: it is escaped everywhere, its HTML is shown in a frame that may run and load nothing, and a
letter is found only by a name that this mailbox could have given it.
"""

import base64
import email
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from pathlib import Path

from jinja2 import Environment, StrictUndefined, select_autoescape
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z-[0-9a-f]{8}\.eml")
_PICTURES = frozenset(("image/png", "image/jpeg", "image/gif"))
_PAGE_LENGTH = 100
_HEAD_LIMIT = 65_536
_ADDRESS_HEADERS = frozenset(("from", "to", "cc", "bcc", "reply-to", "sender"))
_HEAD_TAG = re.compile(r"<head(\s[^>]*)?>", re.IGNORECASE)

_PAGE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'"
# The links of a letter open in a window of their own, so that confirming and answering can be tried from here.
_SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; "
    f"frame-ancestors 'self'; sandbox {_SANDBOX}"
)
_HEADERS = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}

_STYLE = """
:root { color-scheme: light dark; --ground: #f6f4ef; --sheet: #fffdf9; --ink: #22302f; --soft: #5c6b69;
  --line: #dcd8cd; --mark: #0f6b62; --badge: #e4efec; }
@media (prefers-color-scheme: dark) { :root { --ground: #151b1b; --sheet: #1d2525; --ink: #e6ebe8; --soft: #9fb0ac;
  --line: #323d3c; --mark: #7fd0c3; --badge: #24403c; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 16px/1.5 system-ui, "Noto Sans", sans-serif; }
main { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1rem 3rem; }
h1 { font-size: 1.35rem; margin: 0 0 .25rem; overflow-wrap: anywhere; }
h2 { font-size: 1rem; margin: 2rem 0 .5rem; color: var(--soft); font-weight: 600; }
p { margin: 0 0 1rem; color: var(--soft); }
a { color: var(--mark); }
ol { list-style: none; margin: 1rem 0; padding: 0; background: var(--sheet); border: 1px solid var(--line);
  border-radius: .6rem; overflow: hidden; }
li + li { border-top: 1px solid var(--line); }
li a { display: grid; grid-template-columns: minmax(0, 1fr) auto; gap: .1rem 1rem; padding: .7rem 1rem;
  min-height: 44px; color: inherit; text-decoration: none; }
li a:hover, li a:focus-visible { background: var(--badge); }
.subject { font-weight: 600; overflow-wrap: anywhere; }
.soft { color: var(--soft); font-size: .9rem; overflow-wrap: anywhere; }
time.soft { font-variant-numeric: tabular-nums; text-align: right; white-space: nowrap; }
.badge { display: inline-block; background: var(--badge); color: var(--mark); border-radius: 1rem; font-size: .8rem;
  padding: 0 .6rem; justify-self: end; align-self: start; }
dl { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: .2rem 1rem; margin: 1rem 0;
  padding: 1rem; background: var(--sheet); border: 1px solid var(--line); border-radius: .6rem; font-size: .9rem; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
iframe { width: 100%; height: 70vh; border: 1px solid var(--line); border-radius: .6rem; background: #fff;
  color-scheme: normal; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--sheet); border: 1px solid var(--line);
  border-radius: .6rem; padding: 1rem; margin: 0; font: .9rem/1.5 ui-monospace, "Noto Sans Mono", monospace; }
nav { display: flex; flex-wrap: wrap; gap: 1rem; margin-bottom: 1rem; }
nav a { padding: .5rem 0; }
@media (max-width: 34rem) { main { padding: 1rem .6rem 2rem; } li a, dl { grid-template-columns: minmax(0, 1fr); }
  dd { margin-bottom: .4rem; } time.soft { text-align: left; } .badge { justify-self: start; } }
"""

_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title><style>{{ style | safe }}</style></head><body><main>%s</main></body></html>
"""

_LIST = """
<h1>Local mailbox</h1>
<p>{% if total == 1 %}1 letter was{% else %}{{ total }} letters were{% endif %} sent and kept on this machine.
Nothing has left it.</p>
{% if entries %}<ol>{% for entry in entries %}
<li><a href="/letters/{{ entry.name }}"><span class="subject" dir="auto">{{ entry.subject or "(no subject)" }}</span>
<time class="soft">{{ entry.moment }}</time><span class="soft" dir="auto">to {{ entry.to or "nobody" }}</span>
<span class="badge">{{ entry.kind }}{% if entry.repeat %} · repeat{% endif %}</span></a></li>{% endfor %}
</ol>{% endif %}
<nav>{% if newer %}<a href="/">Newest</a>{% endif %}
{% if older %}<a href="/?before={{ older }}">Older</a>{% endif %}</nav>
"""

_LETTER = """
<nav><a href="/">All letters</a><a href="/letters/{{ name }}/file">Download as .eml</a></nav>
<h1 dir="auto">{{ title }}</h1>
{% if has_html %}<h2>As HTML</h2><iframe sandbox="{{ sandbox }}" src="/letters/{{ name }}/html"
title="The letter as HTML"></iframe>{% endif %}
{% if files %}<h2>Files</h2><ul>{% for number, file in files %}
<li><a href="/letters/{{ name }}/files/{{ number }}">{{ file }}</a></li>{% endfor %}</ul>{% endif %}
{% if text is not none %}<h2>As text</h2><pre dir="auto">{{ text }}</pre>{% endif %}
<h2>Headers</h2>
<dl>{% for header, value in headers %}<dt>{{ header }}</dt><dd dir="auto">{{ value }}</dd>{% endfor %}</dl>
"""

_environment = Environment(
    autoescape=select_autoescape(default_for_string=True), undefined=StrictUndefined, trim_blocks=True
)
_list_page = _environment.from_string(_FRAME % _LIST)
_letter_page = _environment.from_string(_FRAME % _LETTER)


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    subject: str
    to: str
    kind: str
    repeat: bool
    moment: str


def make_pages(folder: Path) -> Starlette:
    """Make the application that shows the letters in this folder, to browsers on this machine only."""

    def show_list(request: Request) -> Response:
        names = sorted(_stored_names(folder), reverse=True)
        before = request.query_params.get("before", "")
        rest = [name for name in names if name < before] if before else names
        shown = rest[:_PAGE_LENGTH]
        older = shown[-1] if len(rest) > _PAGE_LENGTH else ""
        entries = [entry for entry in (_read_entry(folder / name) for name in shown) if entry is not None]
        page = _list_page.render(
            title="Local mailbox", style=_STYLE, total=len(names), entries=entries, newer=bool(before), older=older
        )
        return HTMLResponse(page, headers={**_HEADERS, "Content-Security-Policy": _PAGE_POLICY})

    def show_letter(request: Request) -> Response:
        path = _find_letter(folder, request.path_params["name"])
        message = _read_letter(path)
        page = _letter_page.render(
            title=_header(message, "Subject") or "(no subject)",
            style=_STYLE,
            name=path.name,
            sandbox=_SANDBOX,
            has_html=message.get_body(("html",)) is not None,
            text=_read_part(message, "plain"),
            files=[
                (number, part.get_filename() or part.get_content_type())
                for number, part in enumerate(_list_files(message))
            ],
            headers=[(name, _header(message, name)) for name in dict.fromkeys(message.keys())],
        )
        return HTMLResponse(page, headers={**_HEADERS, "Content-Security-Policy": _PAGE_POLICY})

    def show_html(request: Request) -> Response:
        message = _read_letter(_find_letter(folder, request.path_params["name"]))
        html = _read_part(message, "html")
        if html is None:
            raise HTTPException(404, "This letter has no HTML part.")
        html = _show_pictures(_open_links_outside(html), message)
        return HTMLResponse(html, headers={**_HEADERS, "Content-Security-Policy": _LETTER_POLICY})

    def show_file(request: Request) -> Response:
        files = list(_list_files(_read_letter(_find_letter(folder, request.path_params["name"]))))
        number = request.path_params["number"]
        if number >= len(files):
            raise HTTPException(404, "This letter has no such file.")
        content = files[number].get_payload(decode=True)
        disposition = f'attachment; filename="{_make_file_name(files[number].get_filename())}"'
        headers = {**_HEADERS, "Content-Security-Policy": "sandbox", "Content-Disposition": disposition}
        media = files[number].get_content_type()
        return Response(content if isinstance(content, bytes) else b"", media_type=media, headers=headers)

    def download(request: Request) -> Response:
        path = _find_letter(folder, request.path_params["name"])
        disposition = f'attachment; filename="{path.name}"'
        headers = {**_HEADERS, "Content-Security-Policy": "sandbox", "Content-Disposition": disposition}
        return Response(path.read_bytes(), media_type="message/rfc822", headers=headers)

    return Starlette(
        routes=[
            Route("/", show_list),
            Route("/letters/{name}", show_letter),
            Route("/letters/{name}/html", show_html),
            Route("/letters/{name}/file", download),
            Route("/letters/{name}/files/{number:int}", show_file),
        ],
        # A page of another site that resolves its own name to this machine must not read the letters.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False)],
    )


def _stored_names(folder: Path) -> Iterator[str]:
    return (path.name for path in folder.iterdir() if _NAME.fullmatch(path.name))


def _find_letter(folder: Path, name: str) -> Path:
    path = folder / name
    # The form of the name leaves no room for a slash or two dots; a link planted in the folder is not followed.
    if not _NAME.fullmatch(name) or path.is_symlink() or not path.is_file():
        raise HTTPException(404, "There is no such letter.")
    return path


def _read_letter(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=policy.default)


def _read_entry(path: Path) -> _Entry | None:
    try:
        with path.open("rb") as file:
            message = BytesHeaderParser(policy=policy.default).parsebytes(file.read(_HEAD_LIMIT))
    except FileNotFoundError:  # taken away since the folder was read
        return None
    date, clock = path.name[:8], path.name[9:15]
    return _Entry(
        name=path.name,
        subject=_header(message, "Subject"),
        to=_header(message, "To"),
        kind=_header(message, "X-Tallystick-Kind") or "mail",
        repeat=_header(message, "X-Tallystick-Repeat") == "yes",
        moment=f"{date[:4]}-{date[4:6]}-{date[6:]} {clock[:2]}:{clock[2:4]}:{clock[4:]} UTC",
    )


def _header(message: EmailMessage, name: str) -> str:
    try:
        if name.lower() in _ADDRESS_HEADERS:
            return ", ".join(_decode(value) for found, value in message.raw_items() if found.lower() == name.lower())
        return ", ".join(str(value) for value in message.get_all(name, []))
    except (ValueError, IndexError, AttributeError):  # the standard reader stumbles over some broken headers
        return "(cannot be read)"


def _decode(value: str) -> str:
    """A header with names in it; read as structured, a name over two encoded words would get a space in between."""
    line = "".join(value.encode("utf-8", "surrogateescape").decode("utf-8", "replace").splitlines())
    try:
        return str(make_header(decode_header(line)))
    except (HeaderParseError, LookupError, UnicodeError):  # broken words are shown as they came
        return line


def _read_part(message: EmailMessage, kind: str) -> str | None:
    part = message.get_body((kind,))
    if part is None:
        return None
    content = part.get_payload(decode=True)
    data = content if isinstance(content, bytes) else b""
    try:
        return data.decode(part.get_content_charset("utf-8"), "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _list_files(message: EmailMessage) -> Iterator[EmailMessage]:
    """The files that go along with a letter, the pictures that its HTML shows left out."""
    for part in message.walk():
        if isinstance(part, EmailMessage) and part.get_content_disposition() == "attachment":
            yield part


def _make_file_name(name: str | None) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "-", name or "file")[:100]


def _show_pictures(html: str, message: EmailMessage) -> str:
    """Put the pictures that go along with a letter into its HTML, since a page cannot ask a letter for them."""
    for part in message.walk():
        name, content = part["Content-ID"], part.get_payload(decode=True)
        if name and part.get_content_type() in _PICTURES and isinstance(content, bytes):
            shown = f"data:{part.get_content_type()};base64,{base64.b64encode(content).decode()}"
            html = html.replace(f"cid:{str(name).strip().strip('<>')}", shown)
    return html


def _open_links_outside(html: str) -> str:
    base = '<base target="_blank">'
    found = _HEAD_TAG.search(html)
    return html[: found.end()] + base + html[found.end() :] if found else base + html
