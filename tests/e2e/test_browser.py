"""A real browser, a real site, a real worker: a photo goes in at one end, its evidence stands on another screen."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM_ARGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
# The first photo also loads the model into the worker's child.
FIRST_PHOTO_MS = 90_000
ONE_SECOND_MS = 1_000


def missing(what: str) -> None:
    """A skip with its reason; where a browser is required, a failure."""
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(f"REQUIRE_BROWSER=1, yet {what}")
    pytest.skip(what)


def photo_path() -> Path:
    folder = Path(os.environ.get("LIFT_DATA", ROOT.parent / "shared" / "data"))
    path = folder / "lifts" / "photos" / "board_press_1.jpg"
    if not path.is_file():
        missing(f"there is no photo {path}: set LIFT_DATA")
    return path


@dataclass(frozen=True)
class Site:
    base: str
    meets: dict[str, dict[str, str]]
    env: dict[str, str]
    folder: Path

    def url(self, path: str) -> str:
        return self.base + path


def free_port() -> int:
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def stop(process: "subprocess.Popen[bytes]") -> None:
    """Ends a process of ours with its children; it leads its own group."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait(15)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The site as a meet would run it, in a folder of its own: SQLite, files as the broker, hashed static files."""
    photo_path()
    folder = tmp_path_factory.mktemp("site")
    dropped = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DEBUG", "HTTPS", "DJANGO_SETTINGS_MODULE")
    env = {key: value for key, value in os.environ.items() if key not in dropped}
    env |= {"VAR_DIR": str(folder / "var"), "LOG_LEVEL": "WARNING", "PYTHONPATH": str(ROOT), "WORKER_BEAT_S": "1"}
    env["DJANGO_SETTINGS_MODULE"] = "tests.e2e.site_settings"

    def run(*command: str) -> str:
        done = subprocess.run([sys.executable, *command], cwd=ROOT, env=env, check=True, capture_output=True, text=True)
        return done.stdout

    run("manage.py", "migrate", "--verbosity=0")
    run("manage.py", "collectstatic", "--verbosity=0", "--noinput")
    meets = json.loads(run("-m", "tests.e2e.seed"))
    port = free_port()
    bind = f"--bind=127.0.0.1:{port}"
    web = start(folder, env, "web", "-m", "gunicorn", "config.wsgi", bind, "--threads=4", "--no-control-socket")
    work = start(folder, env, "worker", "manage.py", "worker")
    try:
        base = f"http://127.0.0.1:{port}"
        wait_for(f"{base}/login/", web, folder)
        yield Site(base, meets, env, folder)
    finally:
        stop(work)
        stop(web)


def start(folder: Path, env: dict[str, str], name: str, *command: str) -> "subprocess.Popen[bytes]":
    with (folder / f"{name}.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True
        )


def wait_for(url: str, process: "subprocess.Popen[bytes]", folder: Path) -> None:
    for _ in range(150):
        try:
            with urllib.request.urlopen(url, timeout=2):  # noqa: S310  our own address
                return
        except (urllib.error.URLError, OSError):
            assert process.poll() is None, (folder / "web.log").read_text()
            time.sleep(0.2)
    pytest.fail("the site did not start: " + (folder / "web.log").read_text())


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    path = shutil.which("chromium")
    if path is None:
        missing("there is no chromium on the PATH")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=CHROMIUM_ARGS)
        yield chromium
        chromium.close()


@dataclass
class Screen:
    """One person's browser, and every complaint it wrote to its console."""

    page: Any
    complaints: list[str]


def sign_in(browser: Any, site: Site, name: str) -> Screen:
    page = browser.new_context(viewport={"width": 1440, "height": 860}).new_page()
    complaints: list[str] = []
    page.on("console", lambda said: complaints.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(site.url("/login/"))
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(f"pw-{name}-here")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(site.url("/"))
    return Screen(page, complaints)


def send_photo(page: Any, site: Site, attempt: str) -> None:
    page.goto(site.url(f"/attempts/{attempt}/upload/"))
    page.get_by_label("Photos", exact=True).set_input_files(str(photo_path()))
    page.get_by_label("Moment").select_option("bottom")
    page.get_by_label("Camera stands at").select_option("left")
    page.get_by_role("button", name="Send all").click()
    page.get_by_text("Received; it is on the line.").wait_for(timeout=10_000)


def keep_shot(site: Site, page: Any, name: str) -> None:
    """Screenshots for people, where BROWSER_SHOTS names a folder."""
    if folder := os.environ.get("BROWSER_SHOTS"):
        Path(folder).mkdir(parents=True, exist_ok=True)
        page.screenshot(path=str(Path(folder) / f"{name}.png"))


def finished_at(site: Site, attempt: str) -> float | None:
    """When the database says that the attempt's photo was finished, s since 1970."""
    import sqlite3
    from datetime import UTC, datetime

    with closing(sqlite3.connect(site.folder / "var" / "white-lights.sqlite3", timeout=5)) as base:
        row = base.execute(
            "SELECT finished_at FROM meets_attemptimage WHERE attempt_id = ? AND status = 'done'",
            (attempt.replace("-", ""),),
        ).fetchone()
    return datetime.fromisoformat(row[0]).replace(tzinfo=UTC).timestamp() if row else None


def test_a_flag_comes_to_the_referees_board_without_a_reload(browser: Any, site: Site) -> None:
    meet, attempt = site.meets["training"]["meet"], site.meets["training"]["attempt"]
    referee, staff = sign_in(browser, site, "referee"), sign_in(browser, site, "staff")
    board = referee.page
    board.goto(site.url(f"/meets/{meet}/"))
    board.get_by_text("No photos yet.").wait_for()
    board.evaluate("window.sameDocument = true")

    send_photo(staff.page, site, attempt)
    row = board.locator(f"#row-{attempt}")
    row.wait_for(timeout=5_000)
    row.get_by_text(re.compile("left elbow")).wait_for(timeout=FIRST_PHOTO_MS)
    shown, done = time.time(), finished_at(site, attempt)
    assert done is not None
    assert shown - done < ONE_SECOND_MS / 1000 + 0.5, "the finding took more than a second to reach the board"
    assert board.evaluate("window.sameDocument") is True
    assert "±" in row.inner_text()
    assert "too close" in row.inner_text()
    board.get_by_text("Look at these").wait_for()
    board.get_by_text("Assist on").wait_for(timeout=5_000)
    keep_shot(site, board, "board")

    row.get_by_role("link").click()
    card = board.locator(".card", has_text="Left elbow below left shoulder")
    card.wait_for()
    assert re.search(r"[+−]\d+(\.\d)? cm", card.inner_text())
    assert board.locator(".bone line").count() > 5
    keep_shot(site, board, "attempt")
    layers(board)
    assert referee.complaints == []
    assert staff.complaints == []


def layers(page: Any) -> None:
    """The keys switch what is drawn, the buttons say so, and zoom and help open and close."""
    page.wait_for_load_state()  # until the page's script has run, keys do nothing
    skeleton = page.get_by_role("button", name="skeleton")
    assert skeleton.get_attribute("aria-pressed") == "true"
    page.keyboard.press("s")
    assert skeleton.get_attribute("aria-pressed") == "false"
    assert not page.locator(".bone line").first.is_visible()
    page.keyboard.press("s")
    still = page.locator("svg.still").first
    whole = still.get_attribute("viewBox")
    page.keyboard.press("z")
    assert still.get_attribute("viewBox") == still.get_attribute("data-zoom") != whole
    page.keyboard.press("z")
    assert still.get_attribute("viewBox") == whole
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_role("dialog").is_visible()


def test_blind_first_stays_closed_until_the_light(browser: Any, site: Site) -> None:
    meet, attempt = site.meets["after_light"]["meet"], site.meets["after_light"]["attempt"]
    referee, staff = sign_in(browser, site, "referee"), sign_in(browser, site, "staff")
    send_photo(staff.page, site, attempt)
    # Staff see what was found when the officials have decided; that it was read the database says.
    until_read(site, attempt)

    page = referee.page
    page.goto(site.url(f"/meets/{meet}/"))
    row = page.locator(f"#row-{attempt}")
    assert "evidence opens after your light" in row.inner_text()
    assert not re.search(r"±|elbow|breach|too close|meets|cannot judge", row.inner_text())
    row.get_by_role("link").click()
    page.get_by_text("Closed until your own light.").wait_for()
    assert page.locator(".bone, .level, .surface, .gauge").count() == 0
    keep_shot(site, page, "closed")

    page.wait_for_load_state()
    page.keyboard.press("1")
    assert page.locator("#light-white").evaluate("node => node === document.activeElement")
    page.keyboard.press("Enter")
    page.locator(".card", has_text="Left elbow below left shoulder").wait_for()
    page.locator("#lights", has_text="Your light: white").wait_for()
    assert page.locator(".bone line").count() > 5
    assert page.locator(".give").count() == 0
    keep_shot(site, page, "opened")
    assert referee.complaints == []


def until_read(site: Site, attempt: str) -> None:
    until = time.time() + FIRST_PHOTO_MS / 1000
    while finished_at(site, attempt) is None:
        assert time.time() < until, "the photo was not read"
        time.sleep(0.2)


def light_given(staff: Any, referee: Any, site: Site, attempt: str) -> None:
    """A photo is sent and read, and the referee gives his light."""
    send_photo(staff, site, attempt)
    until_read(site, attempt)
    referee.goto(site.url(f"/attempts/{attempt}/"))
    referee.keyboard.press("1")
    referee.keyboard.press("Enter")


def test_weights_that_have_not_passed_are_told_and_show_nothing(browser: Any, site: Site) -> None:
    """The gate closes and opens while people look on."""
    meet, attempt = site.meets["gate"]["meet"], site.meets["gate"]["attempt"]
    staff, referee = sign_in(browser, site, "staff"), sign_in(browser, site, "referee")
    page, closed = referee.page, site.folder / "var" / "gate-closed"
    light_given(staff.page, page, site, attempt)
    card = page.locator(".card", has_text="Left elbow below left shoulder")
    card.wait_for()
    closed.touch()
    try:
        page.get_by_text("so it does not advise at this meet.").wait_for(timeout=10_000)
        card.wait_for(state="detached")
        page.get_by_text("Assist off").wait_for()
        assert page.locator(".bone, .level, .surface, .gauge, .dot").count() == 0
        keep_shot(site, page, "gate-attempt")
        page.goto(site.url(f"/meets/{meet}/"))
        row = page.locator(f"#row-{attempt}")
        assert "engine has not passed the gold gate" in row.inner_text()
        assert not re.search(r"±|elbow|breach|too close|meets", row.inner_text())
        for name, path in (("board", ""), ("cameras", "cameras/"), ("meet", "edit/")):
            staff.page.goto(site.url(f"/meets/{meet}/{path}"))
            for width, height in ((360, 780), (1920, 1080)):
                staff.page.set_viewport_size({"width": width, "height": height})
                assert staff.page.get_by_text("so it does not advise at this meet.").is_visible()
                assert staff.page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
                keep_shot(site, staff.page, f"gate-{name}-{width}")
        page.goto(site.url(f"/meets/{meet}/"))
    finally:
        closed.unlink()
    page.locator(f"#row-{attempt}").get_by_text(re.compile("left elbow")).wait_for(timeout=10_000)
    assert page.get_by_text("so it does not advise at this meet.").count() == 0
    assert referee.complaints == []
    assert staff.complaints == []


def test_what_was_measured_of_a_camera_is_saved(browser: Any, site: Site) -> None:
    staff = sign_in(browser, site, "staff")
    page = staff.page
    page.goto(site.url(f"/meets/{site.meets['training']['meet']}/cameras/"))
    page.get_by_label("Name").fill("Low left")
    for label, value in (("Lens height", "95"), ("Distance to", "420"), ("Roll", "-1.5"), ("Angle off", "30")):
        page.get_by_label(label).fill(value)
    # Last: a screenshot leaves its mark on the page's inputs.
    for width, height in ((360, 780), (1440, 860), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
        page.get_by_label("Lens height").scroll_into_view_if_needed()
        keep_shot(site, page, f"camera-form-{width}")
    page.get_by_role("button", name="Add the camera").click()
    page.get_by_text("lens 95 cm high · 420 cm from the lifter · roll −1.5° · +30° off the side").wait_for()
    # Last: a screenshot leaves its mark on the page's inputs.
    for width, height in ((360, 780), (1440, 860), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.locator(".table-wrap").evaluate("node => node.scrollWidth <= node.clientWidth")
        keep_shot(site, page, f"camera-list-{width}")
    assert staff.complaints == []


def test_a_lost_connection_is_told_and_found_again(browser: Any, site: Site) -> None:
    referee = sign_in(browser, site, "referee")
    page = referee.page
    page.goto(site.url(f"/meets/{site.meets['training']['meet']}/"))
    page.context.set_offline(True)
    page.get_by_text("The connection is lost.").wait_for(timeout=6_000)
    page.context.set_offline(False)
    page.get_by_text("The connection is lost.").wait_for(state="hidden", timeout=6_000)


def attempts_more(site: Site, meet: str, count: int) -> list[str]:
    """New attempts, straight into the site's database; the board shows the newest first."""
    command = [sys.executable, "-m", "tests.e2e.seed", "more", meet, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=site.env, check=True, capture_output=True, text=True)
    return list(json.loads(done.stdout))


def wait_for_rows(page: Any, attempts: list[str]) -> None:
    """Rows are put in and the list is scrolled back in one go, so where a row is, the list already stands still."""
    for attempt in attempts:
        page.locator(f"#row-{attempt}").wait_for(state="attached", timeout=10_000)


def top_of(row: Any) -> float:
    return float(row.evaluate("node => node.getBoundingClientRect().top"))


def board_of_many(browser: Any, site: Site) -> tuple[Screen, str]:
    """A board much longer than the screen, the pointer where no row is."""
    staff, meet = sign_in(browser, site, "staff"), site.meets["long"]["meet"]
    staff.page.emulate_media(reduced_motion="reduce")
    staff.page.goto(site.url(f"/meets/{meet}/"))
    assert staff.page.locator(".rows .row").count() >= 27
    staff.page.mouse.move(2, 2)
    return staff, meet


def test_a_row_under_the_pointer_does_not_move(browser: Any, site: Site) -> None:
    staff, meet = board_of_many(browser, site)
    page = staff.page
    row = page.locator(".rows .row").nth(20).element_handle()
    row.evaluate("node => node.scrollIntoView({ block: 'center' })")
    box = row.bounding_box()
    page.mouse.move(box["x"] + 200, box["y"] + box["height"] / 2)
    row.evaluate("node => { node.isTheSame = true; }")
    assert row.evaluate("node => node.matches(':hover')")
    before = top_of(row)

    wait_for_rows(page, attempts_more(site, meet, 4))
    # The very same element, in the same place, still under the pointer; what came is told above it.
    assert row.evaluate("node => node.isConnected && node.isTheSame && node.matches(':hover')")
    assert abs(top_of(row) - before) < 1
    above = page.get_by_role("button", name="New above")
    above.wait_for()
    above.click()
    page.wait_for_function("document.scrollingElement.scrollTop === 0")
    above.wait_for(state="hidden")
    assert staff.complaints == []


def test_a_focused_row_does_not_move_and_keeps_the_focus(browser: Any, site: Site) -> None:
    staff, meet = board_of_many(browser, site)
    page = staff.page
    link = page.locator(".rows .row a").nth(1).element_handle()
    link.evaluate("node => node.focus({ preventScroll: true })")
    before = top_of(link)

    # At the very top of the board too: the reader's hands are on this row.
    wait_for_rows(page, attempts_more(site, meet, 4))
    assert link.evaluate("node => document.activeElement === node")
    assert abs(top_of(link) - before) < 1
    page.get_by_role("button", name="New above").wait_for()
    assert staff.complaints == []


def test_a_reader_at_the_top_sees_new_rows_come_in(browser: Any, site: Site) -> None:
    staff, meet = board_of_many(browser, site)
    page = staff.page
    new = attempts_more(site, meet, 1)
    wait_for_rows(page, new)
    assert page.evaluate("document.scrollingElement.scrollTop") == 0
    assert page.locator(".rows .row").first.get_attribute("id") == f"row-{new[0]}"
    assert not page.get_by_role("button", name="New above").is_visible()
    assert staff.complaints == []


def test_a_refused_file_says_why_and_the_others_go_on(browser: Any, site: Site, tmp_path: Path) -> None:
    staff = sign_in(browser, site, "staff")
    page = staff.page
    wrong, empty = tmp_path / "notes.jpg", tmp_path / "empty.jpg"
    wrong.write_bytes(b"these are no pixels")
    empty.write_bytes(b"")
    page.goto(site.url(f"/meets/{site.meets['training']['meet']}/upload/"))
    page.get_by_label("Photos", exact=True).set_input_files([str(wrong), str(empty), str(photo_path())])
    page.get_by_role("button", name="Send all").click()
    page.get_by_text("Choose the attempt that this photo shows.").first.wait_for()
    page.locator("#id_attempt").select_option(site.meets["training"]["attempt"])
    page.get_by_role("button", name="Send all").click()
    page.get_by_text("This file is not a photo. Upload a JPEG, PNG or WebP.").wait_for()
    page.get_by_text("This file is empty. Choose the photo again.").wait_for()
    page.get_by_text(re.compile("Received; it is on the line|was here already")).wait_for()
    keep_shot(site, page, "upload")


def stray(site: Site, attempt: str) -> str:
    """A photo that does not look like the attempt's lift, straight into the site's database."""
    command = [sys.executable, "-m", "tests.e2e.seed", "stray", attempt]
    done = subprocess.run(command, cwd=ROOT, env=site.env, check=True, capture_output=True, text=True)
    return str(json.loads(done.stdout))


def test_what_is_being_chosen_in_the_tray_stays_when_another_photo_comes(browser: Any, site: Site) -> None:
    meet = site.meets["training"]["meet"]
    first, second, third = attempts_more(site, meet, 3)
    image = stray(site, first)
    staff = sign_in(browser, site, "staff")
    page = staff.page
    page.goto(site.url(f"/meets/{meet}/unmatched/"))
    page.locator(f"#stray-{image}").get_by_text("Looks like a deadlift").wait_for()
    for width, height in ((360, 780), (1440, 860), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
    page.locator(f"#move-{image}").click()
    choice = page.get_by_label("Move to which attempt")
    choice.select_option(third)

    other = stray(site, second)

    page.locator(f"#stray-{other}").wait_for(timeout=10_000)
    page.locator("#unmatched-link").get_by_text("2").wait_for()
    assert choice.input_value() == third
    # What came by itself opens in place as well.
    page.locator(f"#move-{other}").click()
    page.locator(f"#to-{other}").wait_for()
    page.locator(f"#stray-{image}").get_by_role("button", name="Move", exact=True).click()
    page.get_by_text("The photo is moved to the squat, 3rd attempt of Berit Sund, and read again.").wait_for()
    page.locator(f"#stray-{other}").get_by_role("button", name="Set aside").click()
    page.locator(f"#put-{other}").get_by_role("button", name="Take back").wait_for()
    # Last: a screenshot leaves its mark on the page's inputs.
    for width, height in ((360, 780), (1440, 860), (1920, 1080)):
        page.set_viewport_size({"width": width, "height": height})
        for name, where in (("tray-acted", f"/meets/{meet}/unmatched/"), ("attempt-moved", f"/attempts/{third}/")):
            page.goto(site.url(where))
            assert page.evaluate("document.scrollingElement.scrollWidth <= window.innerWidth")
            keep_shot(site, page, f"{name}-{width}")
    assert staff.complaints == []
