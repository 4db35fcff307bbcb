"""Opens report.html as its readers do, and fails on what would hurt them. The project's tests run it where `./setup` has been run.

    tests/page/setup
    tests/page/.venv/bin/python tests/page/check.py results/optimizers/report.html [--images 24] [--shots FOLDER]

Wide and narrow, light and dark: no message on the console, no request beyond the file, nothing wider than the window, every
image shown, the answer on the first screen, cells by their address, the dialog by mouse and by keyboard, the slider of steps with the curves' cursor, filters, deep zoom, tables that sort, and no violation that axe finds.
"""

import argparse
import os
import pathlib
import shutil
import sys

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

SHOWN = "[...document.querySelectorAll('.card img')].every(image => image.complete && image.naturalWidth)"
OPEN = "document.querySelector('dialog').open"
FOCUSED = "[...document.querySelectorAll('.card')].indexOf(document.activeElement)"
IMAGES = "document.querySelectorAll('.card img').length"
COLUMN = "[...document.querySelector('table.sortable').tBodies[0].rows].map(row => parseFloat(row.cells[1].dataset.value))"


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("page", type=pathlib.Path)
    arguments.add_argument("--images", type=int, help="how many images there must be")
    arguments.add_argument("--shots", type=pathlib.Path, help="where screenshots go, to be looked at")
    arguments = arguments.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for scheme in ("light", "dark"):
            for width in (1280, 390):
                # axe is a script put into the page, which the page's own policy would refuse.
                context = browser.new_context(
                    viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True
                )
                check(context.new_page(), arguments.page.resolve(), arguments.shots, f"{scheme}-{width}")
                context.close()
        # And once under its own policy, which must not stop anything of its own.
        page = browser.new_page()
        opens(page, arguments.page.resolve())
        images = page.evaluate(IMAGES)
        assert arguments.images in (None, images), f"{images} images, not {arguments.images}"
        browser.close()
    print(f"{arguments.page}: nothing to complain about")


def chromium() -> str:
    names = [os.environ.get("CHROME", ""), "chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]
    found = next((path for path in map(shutil.which, names) if path), None)
    return found or sys.exit("no Chromium was found: install one, or name one with CHROME=/path/to/chrome")


def opens(page: Page, path: pathlib.Path) -> None:
    told, asked = [], []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.wait_for_function(SHOWN)
    assert told == [], f"on the console: {told}"
    folder = path.parent.as_uri() + "/"
    beyond = [url for url in asked if not url.startswith((folder, "data:"))]
    assert beyond == [], f"asked for: {beyond}"


def check(page: Page, path: pathlib.Path, shots: pathlib.Path | None, name: str) -> None:
    opens(page, path)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name}: wider than the window"
    shoot(page, shots, name, full_page=True)
    accessible(page, name)
    answered(page, name)
    curves(page, shots, name)
    dialog(page, shots, name)
    linked(page)
    slides(page, shots, name)
    filtered(page)
    judged(page, shots, name)
    sorts(page)


def answered(page: Page, name: str) -> None:
    """The answer is on the first screen, and where it is wide an image, too."""
    first = page.locator(".verdict .answer").bounding_box()
    assert first["y"] + first["height"] < 900, f"{name}: the answer is at {first}"
    rows = page.evaluate("data.forest?.rows.length ?? 0")
    assert page.locator(".forest .mean").count() == rows and 0 < rows, f"{name}: the forest has not {rows} rows"
    cut = "[...document.querySelectorAll('.forest text')].filter(t => t.getBoundingClientRect().right > document.querySelector('.forest svg').getBoundingClientRect().right + 1 || t.getBoundingClientRect().left < document.querySelector('.forest svg').getBoundingClientRect().left - 1).map(t => t.textContent)"
    assert page.evaluate(cut) == [], f"{name}: cut in the forest: {page.evaluate(cut)}"
    image = page.locator(".verdict .strip img").first.bounding_box()
    assert name.endswith("390") or image["y"] + 60 < 900, f"{name}: the first image is at {image}"


def curves(page: Page, shots: pathlib.Path | None, name: str) -> None:
    """Values when pointed at; curves hidden, alone and zoomed, by mouse and by keyboard."""
    figure = page.locator("[data-chart=similarity]")
    figure.scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('[data-chart=similarity] .plot .line')")
    panel, tip = figure.locator(".plot").first, figure.locator(".tip").first
    # Every name of the report's own optimizers, and none that is hidden.
    names, lines = figure.locator(".names button"), panel.locator(".line")
    shown = lines.count()
    assert shown == names.count() or "hidden" in name, f"{name}: {shown} lines of {names.count()}"
    panel.hover()
    told = tip.inner_text().split("\n")
    assert told[0].startswith("step ") and names.first.inner_text() in " ".join(told), f"{name}: {told}"
    shoot(page, shots, f"{name}-curves")
    values = [float(value) for value in told if value.replace(".", "", 1).isdigit()]
    assert len(values) == min(shown, 12) and values == sorted(values, reverse=True), f"{name}: {told}"

    ticks = "[...document.querySelectorAll('[data-chart=similarity] .plot')[0].querySelectorAll('text')].map(t => t.textContent).join(' ')"
    whole, first = page.evaluate(ticks), names.first
    settle = lambda expected: page.wait_for_function(
        f"document.querySelector('[data-chart=similarity] .plot').querySelectorAll('.line').length === {expected}"
    )
    for hide, alone, back in (
        (first.click, first.dblclick, first.dblclick),
        (lambda: first.press("Enter"), lambda: first.press("o"), lambda: first.press("O")),
    ):
        hide()
        settle(shown - 1)
        assert first.get_attribute("aria-pressed") == "false"
        hide()
        settle(shown)
        alone()
        settle(1)
        back()
        settle(shown)
    panel.scroll_into_view_if_needed()
    box = panel.bounding_box()
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, middle)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, middle, steps=3)
    page.mouse.up()
    page.wait_for_function(f"{ticks} !== {whole!r}")
    figure.locator("[data-reset]").click()
    page.wait_for_function(f"{ticks} === {whole!r}")
    panel.focus()
    for key in ("PageUp", "ArrowRight", "+"):
        page.keyboard.press(key)
    page.wait_for_function(f"{ticks} !== {whole!r}")
    now = panel.get_attribute("aria-valuetext")
    assert now.startswith("step ") and names.first.inner_text().split(" (")[0] in now, f"{name}: {now}"
    page.keyboard.press("0")
    page.wait_for_function(f"{ticks} === {whole!r}")
    figure.locator("input[type=checkbox]").check()
    page.wait_for_function(f"{ticks} !== {whole!r}")
    figure.locator("input[type=checkbox]").uncheck()
    figure.locator("summary").click()
    page.wait_for_function("1 < document.querySelectorAll('[data-chart=similarity] table tr').length")
    accessible(page, f"{name}, with numbers")
    figure.locator("summary").click()


def linked(page: Page) -> None:
    """Every cell has an address; "back" closes what it opened."""
    before = page.url.split("#")[0]
    link = page.locator(".verdict .strip a").first
    cell = link.get_attribute("href")
    link.click()
    page.wait_for_function(OPEN)
    assert page.url.endswith(cell), f"{page.url}, not {cell}"
    command = page.locator("dialog pre code").inner_text()
    folder = before.removeprefix("file://").rsplit("/", 1)[0]
    assert f"{folder}/experiment.toml" in command, f"{command} is not of {folder}"
    page.locator("dialog .copy").click()
    page.wait_for_function("document.querySelector('.copy').textContent !== 'copy'")
    page.go_back()
    page.wait_for_function(f"!{OPEN}")
    page.wait_for_function("!location.hash")
    page.goto(before + cell)
    page.wait_for_function(OPEN)
    page.keyboard.press("Escape")
    page.wait_for_function(f"!{OPEN}")
    page.wait_for_function("!location.hash")


def dialog(page: Page, shots: pathlib.Path | None, name: str) -> None:
    title = page.locator("#dialog-title")
    page.locator(".card").nth(1).click()
    assert page.evaluate(OPEN), "a press on an image opens nothing"
    shoot(page, shots, f"{name}-dialog")
    accessible(page, f"{name}, dialog")
    zooms(page)
    first = title.inner_text()
    page.locator("dialog .content").focus()
    page.keyboard.press("ArrowRight")
    assert title.inner_text() != first, "the arrow key moves nothing"
    page.keyboard.press("ArrowLeft")
    assert title.inner_text() == first
    page.keyboard.press("Escape")
    page.wait_for_function(f"!{OPEN}")
    assert page.evaluate(FOCUSED) == 1, "the focus is lost when the dialog closes"
    page.keyboard.press("Enter")
    page.wait_for_function(OPEN)
    page.locator("[data-close]").click()
    page.wait_for_function(f"!{OPEN}")


def zooms(page: Page) -> None:
    """The image is magnified without smoothing, by buttons and by keys."""
    wide = "document.querySelector('dialog .view').getBoundingClientRect().width"
    if page.locator("dialog .zoom").count() == 0:
        return
    usual = page.evaluate(wide)
    page.locator("dialog .zoom button").last.click()
    page.keyboard.press("+")
    assert round(page.evaluate(wide) / usual) == 4, page.evaluate(wide)
    near = "getComputedStyle(document.querySelector('dialog .view img')).imageRendering"
    assert page.evaluate(near) == "pixelated"
    page.keyboard.press("-")
    page.locator("dialog .zoom button").first.click()
    assert round(page.evaluate(wide)) == round(usual)


FILMS = """(() => {
    const inside = [...document.querySelectorAll('.card .view')].filter(view => {
        const { top, bottom, height } = view.getBoundingClientRect();
        return 0 < height && 0 < bottom && top < innerHeight;
    });
    return inside.map(view => view.querySelector('.film')?.dataset.step ?? 'final');
})()"""


def slides(page: Page, shots: pathlib.Path | None, name: str) -> None:
    """One slider moves all images in the window and the curves' cursor; it plays, and only when asked to."""
    slider = page.locator(".bar.player input").first
    if not slider.is_visible():
        return
    slider.scroll_into_view_if_needed()
    slider.focus()
    page.keyboard.press("End")
    page.wait_for_function(f"{FILMS}.every(step => step === 'final')")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"1 < {FILMS}.length && {FILMS}.every(step => step === {FILMS}[0] && step !== 'final')")
    shoot(page, shots, f"{name}-step")
    step = page.evaluate(FILMS)[0]
    loaded = "[...document.querySelectorAll('.film img')].every(image => image.complete && image.naturalWidth)"
    page.wait_for_function(loaded)
    cursor = f"charts.filter(chart => chart.isSteps).every(chart => chart.cursor === {step})"
    assert page.evaluate("charts.some(chart => chart.isSteps)") and page.evaluate(cursor), f"{name}: no cursor at {step}"
    figure = page.locator("[data-chart=similarity]")
    figure.scroll_into_view_if_needed()
    assert figure.locator(".cursor").count() > 0, f"{name}: the curves have no cursor"
    figure.locator(".plot").first.press("End")
    slider.scroll_into_view_if_needed()
    page.wait_for_function(f"{FILMS}.every(step => step === 'final')")
    play = page.locator(".bar.player .play").first
    play.click()
    page.wait_for_function(f"{FILMS}.some(step => step !== 'final')")
    play.press("Enter")
    assert play.get_attribute("aria-pressed") == "false", "it does not stop"
    accessible(page, f"{name}, between the steps")
    slider.focus()
    page.keyboard.press("End")


def filtered(page: Page) -> None:
    """Images are filtered by optimizer and by words of the prompt, and rows fold."""
    shown = "[...document.querySelectorAll('.row li:not([hidden])')].length"
    whole = page.evaluate(shown)
    choice = page.locator(".filter select[aria-label=optimizer]")
    choice.select_option(index=1)
    name = choice.locator("option").nth(1).inner_text()
    some = page.evaluate(shown)
    of = page.locator(".row li:not([hidden]) .caption > span:first-child").all_text_contents()
    assert 0 < some < whole and set(of) == {name}, f"{some} of {whole}: {of}"
    choice.select_option(index=0)
    page.locator(".filter input").fill("no such prompt")
    assert page.evaluate(shown) == 0 and page.locator(".row:not([hidden])").count() == 0
    page.locator(".filter input").fill("")
    assert page.evaluate(shown) == whole
    fold = page.locator(".filter button")
    fold.click()
    page.wait_for_function("[...document.querySelectorAll('.row')].every(row => !row.open)")
    fold.click()
    page.wait_for_function("[...document.querySelectorAll('.row')].every(row => row.open)")


def judged(page: Page, shots: pathlib.Path | None, name: str) -> None:
    """The judges' tables are made when they are scrolled to, and have every image's answer."""
    tables = page.locator(".answered")
    if tables.count() == 0:
        return
    for n in range(tables.count()):
        tables.nth(n).scroll_into_view_if_needed()
        page.wait_for_function(f"document.querySelectorAll('.answered')[{n}].querySelector('tbody tr')")
    shoot(page, shots, f"{name}-judged")
    answers = "document.querySelectorAll('.answered .share').length"
    finished = page.evaluate("data.cells.filter(cell => cell.judged).length")
    assert page.evaluate(answers) == tables.count() * finished, f"{name}: {page.evaluate(answers)} of {finished}"
    page.locator(".masks").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelectorAll('.overlay img').length === data.cells.filter(c => c.judged?.overlay).length")
    accessible(page, f"{name}, judged")


def sorts(page: Page) -> None:
    heading = page.locator("table.sortable").first.locator("thead button").nth(1)
    heading.click()
    descending = [value for value in page.evaluate(COLUMN) if value is not None]
    assert descending == sorted(descending, reverse=True), descending
    heading.click()
    ascending = [value for value in page.evaluate(COLUMN) if value is not None]
    assert ascending == sorted(ascending), ascending


def accessible(page: Page, name: str) -> None:
    results = Axe().run(page)
    assert results.violations_count == 0, f"{name}: {results.generate_report()}"


def shoot(page: Page, shots: pathlib.Path | None, name: str, full_page: bool = False) -> None:
    if shots:
        page.screenshot(path=shots / f"{name}.png", full_page=full_page)


if __name__ == "__main__":
    main()
