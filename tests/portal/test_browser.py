"""From the mail in the mailbox to the answer and the next morning, with a real mail server and a real browser."""

import re
import shutil
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, select

from commitments.agreement_file import parse_agreement
from commitments.database import open_reading, open_unit
from commitments.log import Author
from commitments.reconcile import reconcile_register
from commitments.register import import_agreement
from commitments.settings import Settings
from commitments.tables import activity, commitment, evidence, follow_up
from commitments.vocabulary import NotificationKind
from deployments.mailbox import Mailbox, start_mailbox
from notifications.dispatch import dispatch_messages
from notifications.planning import plan_messages
from notifications.views import shorten_title
from portal.serving import start_portal
from tests.flows.launching import find_ports
from tests.portal.desk import FORM

pytestmark = pytest.mark.slow

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AT_ONCE = (NotificationKind.CONFIRMATION, NotificationKind.HAND_OVER)
EXAMPLES = Path(__file__).parents[2] / "examples"
MONDAY, TUESDAY = date(2026, 3, 2), date(2026, 3, 3)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    if CHROMIUM is None:
        pytest.skip("no Chromium here: apt-get install chromium")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"], timeout=180_000)
        yield PatientBrowser(browser)
        browser.close()


class PatientBrowser:
    """A browser that waits for what is to be seen as long as a busy machine may need."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser

    def new_context(self, **choices: Any) -> Any:
        context = self._browser.new_context(**choices)
        context.set_default_timeout(120_000)
        return context


class Town:
    """A register, a mailbox and the portal, all real, with a clock of their own."""

    def __init__(self, engine: Engine, home: Path, mailbox: Mailbox, settings: Settings) -> None:
        self.engine, self.home, self.mailbox, self.settings = engine, home, mailbox, settings

    def morning(self, day: date) -> None:
        now = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
        reconcile_register(self.engine, now, day)
        plan_messages(self.engine, now, day, domain="tally.example")
        dispatch_messages(self.engine, self.settings, read_clock=lambda: now, early=True)

    def letter_to(self, page: Any, address: str) -> Any:
        """Open the newest letter to an address in the pages of the mailbox; gives the frame in which it is shown."""
        page.goto(self.mailbox.pages_address)
        page.locator("li a", has_text=address).first.click()
        return page.frame_locator("iframe")

    def send_now(self) -> None:
        """What may go at once, as the engine sends it when something was recorded."""
        now = datetime(2026, 3, 2, 10, 5, tzinfo=UTC)
        plan_messages(self.engine, now, MONDAY, kinds=AT_ONCE, domain="tally.example")
        dispatch_messages(self.engine, self.settings, read_clock=lambda: now)

    def sign_in(self, context: Any, address: str) -> Any:
        """Ask for a link as people do, and follow it from the mailbox; gives the page on which they land."""
        page = context.new_page()
        page.goto(f"{self.settings.base_url}/sign-in")
        page.locator("input[type=email]").fill(address)
        page.locator("main button").click()
        before = time.monotonic()
        while not self._links_to_sign_in(address):
            assert time.monotonic() - before < 120, "no letter with a link came"
            time.sleep(0.05)
        page.goto(self._links_to_sign_in(address)[-1])
        page.locator("main button").click()
        page.wait_for_url(lambda now: "/sign-in" not in now)
        return page

    def _links_to_sign_in(self, address: str) -> list[str]:
        found = []
        for path in sorted((self.home / "mailbox").glob("*.eml")):
            letter = message_from_bytes(path.read_bytes(), policy=default)
            body = letter.get_body(("plain",))
            if address in str(letter["To"]) and body is not None:
                found += re.findall(rf"{re.escape(str(self.settings.base_url))}/sign-in/\S+", body.get_content())
        return found

    def is_told(self, address: str, words: str) -> bool:
        """Whether a letter to an address says this."""
        for path in (self.home / "mailbox").glob("*.eml"):
            letter = message_from_bytes(path.read_bytes(), policy=default)
            body = letter.get_body(("plain",))
            if address in str(letter["To"]) and body is not None and words in body.get_content():
                return True
        return False

    def state(self, key: str) -> str:
        with open_reading(self.engine) as reading:
            return str(reading.execute(select(follow_up.c.state).where(follow_up.c.key.like(f"{key}%"))).scalar_one())


@pytest.fixture
def town(sqlite_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Town]:
    (port,) = find_ports(1)
    monkeypatch.setenv("TALLY_CLOCK", "2026-03-02T10:00:00+00:00")
    with open_unit(sqlite_engine) as unit:
        author = Author("test", datetime(2024, 1, 1, tzinfo=UTC))
        import_agreement(unit, parse_agreement(FORM, "north-south.yaml"), author, date(2024, 1, 1))
    with start_mailbox(tmp_path / "mailbox", 0, 0) as mailbox:
        host, smtp = mailbox.smtp_address
        settings = Settings(
            home=tmp_path, mail_url=f"smtp://{host}:{smtp}", base_url=f"http://127.0.0.1:{port}", portal_port=port
        )
        with start_portal(settings):
            yield Town(sqlite_engine, tmp_path, mailbox, settings)


def test_an_answer_from_the_mail_closes_the_matter_and_the_next_mail_is_without_it(town: Town, browser: Any) -> None:
    town.morning(MONDAY)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = context.new_page()
    letter = town.letter_to(page, "ann@north.example")
    card = letter.locator("table", has=letter.get_by_role("heading", name="Hand over the survey.")).last
    with context.expect_page() as opened:
        card.get_by_role("link", name="It is done").click()
    answer = opened.value
    answer.wait_for_load_state()
    answer.locator("blockquote").filter(has_text="The North shall hand over the <b>survey</b>.").wait_for()
    answer.get_by_label("A note, if you like").first.fill("Sent by post")
    answer.get_by_role("button", name="Record that it is done").click()
    answer.get_by_role("heading", name="Thank you, this is recorded").wait_for()
    assert town.state("overdue:north-south/survey@north") == "done"
    town.morning(TUESDAY)
    later = town.letter_to(context.new_page(), "ann@north.example").locator("body", has_text="Ann").inner_text()
    assert "Tuesday, 3 March 2026" not in later or "Hand over the survey" not in later
    context.close()


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_wider_than_its_window_and_every_button_can_be_tapped(town: Town, browser: Any, width: int) -> None:
    town.morning(MONDAY)
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(town.mailbox.pages_address)
    page.locator("li a", has_text="ann@north.example").first.click()
    html = page.frame_locator("iframe")
    links = [html.locator("a", has_text=name).first.get_attribute("href") for name in ("More time", "Choose when")]
    for link in links:
        page.goto(str(link))
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        heights = [one.bounding_box()["height"] for one in page.locator("button:visible, summary:visible").all()]
        assert heights and min(heights) >= 28
    context.close()


def test_a_person_pauses_by_the_link_in_the_mail(town: Town, browser: Any) -> None:
    town.morning(MONDAY)
    context = browser.new_context()
    page = context.new_page()
    letter = town.letter_to(page, "ann@north.example")
    with context.expect_page() as opened:
        letter.get_by_role("link", name="Choose when and what you get").click()
    choices = opened.value
    choices.get_by_label("Pause from").fill("2026-03-03")
    choices.get_by_label("Pause until, this day included").fill("2026-03-31")
    choices.get_by_role("button", name="Save").click()
    choices.get_by_role("status").filter(has_text=re.compile(r"^\s*Saved\.\s*$")).wait_for()
    before = len(list((town.home / "mailbox").glob("*.eml")))
    town.morning(TUESDAY)
    letters = [path.read_text() for path in sorted((town.home / "mailbox").glob("*.eml"))[before:]]
    assert not [one for one in letters if re.search(r"^To: .*ann@north", one, re.M)]
    context.close()


def test_a_coordinator_records_an_activity(town: Town, browser: Any) -> None:
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = town.sign_in(context, "cy@north.example")
    page.goto(f"{town.settings.base_url}/agreements/north-south/commitments/visits")
    page.get_by_role("link", name="Record what happened").click()
    assert page.get_by_label("When", exact=True).input_value() == "2026-03-02"
    assert page.get_by_label("Visit each other four times a year.").is_checked()
    page.get_by_role("textbox", name="What happened").fill("Visit of the potters")
    page.get_by_label("Kind").select_option(label="Visit")
    page.get_by_label("Where").fill("Jingdezhen")
    page.get_by_label("South").check()
    page.get_by_label("How many took part").fill("a dozen")
    page.get_by_label("Be friends.").check()
    page.get_by_role("button", name="Record it").click()
    page.get_by_role("alert").filter(has_text="How many took part: Please give a whole number").wait_for()
    assert page.get_by_label("Where").input_value() == "Jingdezhen", "the form is kept filled in"
    assert page.get_by_label("South").is_checked()
    page.get_by_label("How many took part").fill("12")
    page.get_by_label("File").set_input_files(
        files=[{"name": "Minutes March.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 minutes"}]
    )
    page.get_by_role("button", name="Record it").click()
    page.get_by_role("status").filter(has_text="Recorded: Visit of the potters").wait_for()
    page.get_by_role("heading", name="Record another").wait_for()
    page.get_by_role("link", name="See how it stands now").click()
    page.get_by_role("listitem").filter(has_text="1 of 4 in 2026").wait_for()
    with page.expect_download() as coming:
        page.get_by_role("link", name="Minutes March.pdf", exact=True).click()
    assert coming.value.suggested_filename == "Minutes March.pdf"
    assert Path(coming.value.path()).read_bytes() == b"%PDF-1.7 minutes"
    with open_reading(town.engine) as reading:
        (row,) = reading.execute(select(activity))
        assert (row.participants, row.parties, row.place) == (12, ["north", "south"], "Jingdezhen")
        assert len(reading.execute(select(evidence)).all()) == 2, "one for each commitment, one file"
    context.close()


def test_the_other_side_confirms(town: Town, browser: Any) -> None:
    north = browser.new_context(java_script_enabled=False)
    page = town.sign_in(north, "ann@north.example")
    page.goto(f"{town.settings.base_url}/agreements/north-south/commitments/bridge")
    page.get_by_role("link", name="Report progress").click()
    page.get_by_label("What was done, or what stands in the way").fill("Opened on Sunday")
    page.get_by_label("Yes, our side has done it").check()
    page.get_by_role("button", name="Report it").click()
    page.get_by_role("status").filter(has_text="The other side sees it").wait_for()
    town.send_now()
    south = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    letter = town.letter_to(south.new_page(), "li@south.example")
    letter.get_by_role("heading", name="Build the bridge.").wait_for()
    letter.get_by_text("Ann（North）于2026年3月2日报告：已完成。").wait_for()
    letter.get_by_text("“Opened on Sunday”").wait_for()
    own = town.sign_in(south, "li@south.example")
    own.goto(f"{town.settings.base_url}/agreements/north-south/commitments/bridge")
    own.get_by_role("link", name="确认或退回").click()
    own.get_by_text("Opened on Sunday").wait_for()
    own.get_by_role("button", name="确认", exact=True).click()
    own.get_by_role("status").filter(has_text="已确认").wait_for()
    assert town.state("confirmation_asked:north-south/bridge@south") == "done"
    with open_reading(town.engine) as reading:
        states = reading.execute(select(commitment.c.state).where(commitment.c.reference == "bridge"))
        assert states.scalar_one() == "fulfilled"
    page.reload()
    page.goto(f"{town.settings.base_url}/agreements/north-south/commitments/bridge")
    page.get_by_text("South: confirmed").wait_for()
    for context in (north, south):
        context.close()


def focus(page: Any, place: Any) -> None:
    """Go there by the tabulator alone."""
    for _ in range(60):
        if place.evaluate("one => one === document.activeElement"):
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"the keyboard does not reach {place}")


def write_down_promise(page: Any, promise: dict[str, Any], parties: dict[str, str], *, by_keyboard: bool) -> None:
    """Answer the questions about one commitment, and save it."""
    summary = " ".join(promise["summary"].split())
    page.get_by_role("link", name="Add a commitment").click()
    if by_keyboard:
        focus(page, page.get_by_label("What was promised"))
        page.keyboard.type(summary)
    else:
        page.get_by_label("What was promised").fill(summary)
    if promise["kind"] == "planned":
        page.get_by_label("It is only planned").check()
    if len(promise["owners"]) < len(parties):
        for owner in promise["owners"]:
            page.get_by_role("checkbox", name=parties[owner["party"]]).check()
    page.get_by_text("More about it", exact=True).click()
    page.get_by_label("Who does the work").fill("; ".join(promise.get("implementers", [])))
    page.get_by_label("Theme", exact=True).fill(promise.get("theme", ""))
    page.get_by_label("Note", exact=True).fill(promise.get("note", ""))
    save = page.get_by_role("button", name="Save", exact=True)
    if by_keyboard:
        focus(page, save)
        page.keyboard.press("Enter")
    else:
        save.click()


def list_essentials(plain: dict[str, Any]) -> list[Any]:
    """What an agreement says, whatever its references are."""
    people = {one["reference"]: one["name"] for party in plain["parties"] for one in party.get("contacts", [])}
    names = {one["reference"]: one["names"]["en"] for one in plain["parties"]}
    promises = [
        (
            " ".join(one["summary"].split()),
            one["kind"],
            {names[owner["party"]]: people[owner["contact"]] for owner in one["owners"]},
            one.get("implementers", []),
            one["theme"],
            one.get("note"),
        )
        for one in plain["commitments"]
    ]
    signed = sorted((names[one["party"]], one["name"], one["office"]) for one in plain["signatories"])
    parties = [(one["names"], one["kind"], one["country"], one["time_zone"]) for one in plain["parties"]]
    roles = sorted((one["name"], one["role"]) for party in plain["parties"] for one in party["contacts"])
    documents = [(one["document"], one["kind"], one["language"]) for one in plain["sources"]]
    return [plain["title"], plain["kind"], parties, signed, roles, documents, " ".join(plain["note"].split()), promises]


def test_a_coordinator_registers_the_stoke_on_trent_agreement_by_hand(town: Town, browser: Any) -> None:
    wanted = yaml.safe_load((EXAMPLES / "stoke-jingdezhen.yaml").read_text(encoding="utf-8"))
    stoke, jingdezhen = wanted["parties"]
    joan = [one for one in stoke["contacts"] if one["reference"] == "stoke-on-trent-specimen"]
    tie = {"agreement": "tie", "title": {"en": "A tie"}, "kind": "friendship", "parties": [
        {**stoke, "contacts": [{key: value for key, value in one.items() if key != "deputy"} for one in joan]},
        {"reference": "north"},
    ]}  # fmt: skip
    with open_unit(town.engine) as unit:
        author = Author("test", datetime(2024, 1, 1, tzinfo=UTC))
        import_agreement(unit, parse_agreement(yaml.safe_dump(tie).encode(), "tie.yaml"), author, date(2024, 1, 1))
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    page = town.sign_in(context, "joan.specimen@stoke-on-trent.example")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Agreements").click()
    page.get_by_role("link", name="Register an agreement").click()
    page.get_by_role("button", name="Begin").click()

    page.get_by_label("Title", exact=True).fill(wanted["title"]["en"])
    page.get_by_text("The title in other languages").click()
    page.get_by_label("Title in another language (1)").fill(wanted["title"]["zh"])
    page.get_by_role("group", name="The agreement").get_by_label("Which language (1)").select_option("zh")
    page.get_by_label("Kind of agreement").select_option(wanted["kind"])
    other = page.get_by_role("group", name="Party 2")
    other.get_by_label("Name of the party").fill(jingdezhen["names"]["en"])
    page.get_by_role("button", name="Save and go on").click()
    page.get_by_role("alert").filter(has_text="The register does not know it.").wait_for()
    other.get_by_label("What it is", exact=True).select_option(jingdezhen["kind"])
    other.get_by_label("Country", exact=True).select_option(jingdezhen["country"])
    other.get_by_label("Time zone").fill("Shanghai")
    other.get_by_label("Language of its messages").select_option("zh")
    other.get_by_label("Name in another language (1)").fill(jingdezhen["names"]["zh"])
    other.get_by_label("Which language (1)").select_option("zh")
    page.get_by_role("button", name="Save and go on").click()

    names = {stoke["reference"]: "Stoke-on-Trent", jingdezhen["reference"]: "Jingdezhen"}
    for at, one in enumerate(wanted["signatories"], start=1):
        who = page.get_by_role("group", name=f"Who signed ({at})")
        who.get_by_label("Name").fill(one["name"])
        who.get_by_label("Office").fill(one["office"])
        who.get_by_label("For which party").select_option(label=names[one["party"]])
    page.get_by_text("Where this is taken from", exact=True).click()
    page.get_by_label("Document", exact=True).fill(wanted["sources"][0]["document"])
    page.get_by_label("What kind of document").select_option(wanted["sources"][0]["kind"])
    page.get_by_label("Language of the document").select_option(wanted["sources"][0]["language"])
    page.get_by_text("More about it", exact=True).click()
    page.get_by_label("Note", exact=True).fill(" ".join(wanted["note"].split()))
    page.get_by_role("button", name="Save and go on").click()

    for at, promise in enumerate(wanted["commitments"]):
        write_down_promise(page, promise, names, by_keyboard=at == 0)
    page.get_by_role("link", name="Go on to the owners").click()

    known = {one["reference"] for one in joan}
    people = [
        (party, one) for party in (stoke, jingdezhen) for one in party["contacts"] if one["reference"] not in known
    ]
    for at, (party, one) in enumerate(people, start=1):
        page.get_by_role("button", name="Save, and add a person").click()
        form = page.get_by_role("group", name=f"New person {at}", exact=True)
        form.get_by_label("Name", exact=True).fill(one["name"])
        form.get_by_label("Speaks for").select_option(label=names[party["reference"]])
        form.get_by_label("Mail address").fill(one["channels"]["mail"])
        form.get_by_label("Office", exact=True).fill(one["office"])
        form.get_by_label("Role").select_option(one["role"])
    page.get_by_role("button", name="Save, and add a person").click()
    offices = {one["reference"]: one for party in (stoke, jingdezhen) for one in party["contacts"]}
    for promise in wanted["commitments"]:
        title = shorten_title(" ".join(promise["summary"].split()))
        for owner in promise["owners"]:
            person = offices[owner["contact"]]
            label = f"{person['name']}, {person['office']}" if owner["contact"] in known else person["name"]
            choice = page.get_by_role("group", name=title, exact=True).get_by_label(names[owner["party"]], exact=True)
            choice.select_option(label=label)
    page.get_by_role("button", name="Save and go on").click()

    page.get_by_role("heading", name="Check", exact=True).wait_for()
    page.get_by_role("button", name="Register the agreement").click()
    page.get_by_role("heading", name="The agreement is registered").wait_for()
    page.get_by_role("link", name="Open the agreement").click()
    with page.expect_download() as download:
        page.get_by_role("link", name="YAML").click()
    made = yaml.safe_load(Path(download.value.path()).read_text(encoding="utf-8"))
    # Of the other side a file names who coordinates and who has a part: not their leader.
    jingdezhen["contacts"] = [one for one in jingdezhen["contacts"] if one["role"] != "leader"]
    assert list_essentials(made) == list_essentials(wanted)
    context.close()


def test_a_coordinator_hands_over(town: Town, browser: Any) -> None:
    town.morning(MONDAY)
    context = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844})
    page = town.sign_in(context, "cy@north.example")
    page.get_by_role("link", name="Settings").click()
    page.get_by_role("main").get_by_role("link", name="People").click()
    page.get_by_role("link", name="Add a person").click()
    page.get_by_label("Name").fill("Bo Berg")
    page.get_by_label("Office", exact=True).fill("Roads")
    page.get_by_label("Mail address").fill("bo@north.example")
    page.get_by_role("button", name="Add this person").click()
    page.get_by_role("status").filter(has_text=re.compile(r"^\s*Added\.\s*$")).wait_for()
    page.get_by_role("navigation", name="Main").get_by_role("link", name="People").click()
    page.get_by_role("link", name="Ann", exact=True).click()
    page.get_by_role("link", name="Hand over everything").click()
    page.get_by_role("link", name="Hand over the survey.").wait_for()
    page.get_by_label("Who takes over").select_option(label="Bo Berg")
    page.get_by_label("Last day in office").fill("2026-03-31")
    page.get_by_label("Reason").fill("New post at the ministry")
    page.get_by_role("button", name="Hand over everything").click()
    page.get_by_role("status").filter(has_text="Everything was handed over").wait_for()
    until = time.monotonic() + 120
    told = {"bo@north.example": "handed over to you", "ann@north.example": "Nothing is asked of you"}
    while not all(town.is_told(*one) for one in told.items()):
        assert time.monotonic() < until, "no letter tells of it"
        time.sleep(0.05)
    letter = town.letter_to(context.new_page(), "bo@north.example")
    letter.get_by_role("heading", name="Hand over the survey.").wait_for()
    letter.locator("body").filter(has_text="handed over to you from Ann by Cy").wait_for()
    former = town.letter_to(context.new_page(), "ann@north.example")
    former.locator("body").filter(has_text="Nothing is asked of you about it any more.").wait_for()
    context.close()


def test_a_coordinator_publishes_an_agreement_and_a_stranger_reads_it(town: Town, browser: Any) -> None:
    address = f"{town.settings.base_url}/public/north-south"
    stranger = browser.new_context(java_script_enabled=False, viewport={"width": 390, "height": 844}, locale="zh-CN")
    reading = stranger.new_page()
    assert reading.goto(address).status == 404
    context = browser.new_context(java_script_enabled=False)
    page = town.sign_in(context, "cy@north.example")
    page.goto(f"{town.settings.base_url}/agreements/north-south")
    page.get_by_role("link", name="Public page").click()
    page.get_by_text("Only those who are signed in can read of this agreement.").wait_for()
    page.get_by_role("button", name="Publish this page").click()
    page.get_by_role("status").filter(has_text=re.compile(r"^\s*The page is published\.\s*$")).wait_for()
    assert reading.goto(address).status == 200
    reading.get_by_role("heading", name="备忘录").wait_for()
    reading.get_by_role("link", name="English").click()
    reading.locator("body", has_text="promised by North").wait_for()
    told = reading.locator("body").inner_text()
    assert "Hand over the survey." in told and "promised by North" in told
    assert "Ann" not in told and "north.example" not in told
    page.get_by_role("button", name="Withdraw it").click()
    page.get_by_role("button", name="Publish this page").wait_for()
    again = browser.new_context().new_page()
    assert again.goto(address).status == 404
    for one in (stranger, context, again.context):
        one.close()


@pytest.mark.parametrize("has_script", [True, False], ids=["in place by a script", "page by page without one"])
def test_a_list_is_narrowed_and_questions_are_answered(town: Town, browser: Any, has_script: bool) -> None:
    town.morning(MONDAY)
    context = browser.new_context(java_script_enabled=has_script, viewport={"width": 390, "height": 844})
    page = town.sign_in(context, "ann@north.example")
    heard: list[str] = []
    page.on("console", lambda said: heard.append(said.text) if said.type == "error" else None)

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Agreements").click()
    page.wait_for_url("**/agreements")  # and its script
    search = page.get_by_label("Search")
    search.press_sequentially("nowhere")
    if not has_script:
        search.press("Enter")
    page.wait_for_url("**/agreements?*q=nowhere*")  # an address that can be kept; half the word may be found before
    page.get_by_text("No agreement is found.").wait_for()
    page.get_by_role("status").filter(has_text=re.compile(r"^\s*0 agreements\s*$")).wait_for()
    if has_script:
        assert page.evaluate("document.activeElement.id") == "f-q", "one types on"
    page.go_back()
    page.get_by_role("heading", name="Memorandum").wait_for()
    assert page.get_by_label("Search").input_value() == ""

    page.get_by_role("navigation", name="Main").get_by_role("link", name="Home").click()
    home = page.url
    card = page.get_by_role("article", name="Hand over the survey.")
    card.get_by_role("button", name="On its way").click()
    page.locator(".answered").wait_for()
    page.locator(".answered").filter(has_text="you will not be asked about it before 1 April 2026").wait_for()
    assert card.count() == 0
    assert town.state("overdue:north-south/survey@north") == "done"
    if has_script:
        assert page.url == home and page.title().startswith("Home")
        page.locator(".answered ~ .asking h3 a:focus").wait_for()
        page.locator("#told", has_text="Hand over the survey").wait_for(state="attached")  # read aloud

    card = page.get_by_role("article", name="Raise a fund.")
    card.get_by_role("link", name="Remind me later").click()
    page.get_by_label("Remind me on").first.fill("2026-03-12")
    if has_script:
        assert page.url == home
    page.get_by_role("button", name="Remind me then").click()
    page.get_by_text("Raise a fund: ").last.wait_for()
    assert page.locator(".answered").count() == (2 if has_script else 1)
    page.locator(".answered", has_text="Raise a fund").get_by_role("button", name="Take it back").click()
    page.get_by_role("heading", name="Your answer, please").wait_for()
    assert heard == []
    context.close()
