"""The page in a real browser: no errors, links both ways, the keyboard, narrow screens, light and dark, print.

Needs Chromium and its driver; without them the tests are skipped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import raspc
from raspc.tests.tools.reports.conftest import MakeTrace
from raspc.tests.tools.reports.test_page import NASTY, nasty_model
from raspc.tools.reports.page import render
from raspc.tools.reports.trace import trace

if TYPE_CHECKING:
    from selenium.webdriver.chrome.webdriver import WebDriver

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
DRIVER = shutil.which("chromedriver")

pytestmark = pytest.mark.skipif(CHROMIUM is None or DRIVER is None, reason="Chromium and chromedriver are not here")

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebDriver]:
    pytest.importorskip("selenium")
    from selenium.webdriver import Chrome
    from selenium.webdriver.chrome.options import Options
    from selenium.webdriver.chrome.service import Service

    assert CHROMIUM is not None
    options = Options()
    options.binary_location = CHROMIUM
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=Service(DRIVER))
    yield browser
    browser.quit()


LONG = 'set vocab ["a", "long-token"]; set max_length 24; tokens[length - indices - 1];'


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory, make_trace: MakeTrace) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    traces = {
        "sort": make_trace("paper/sort", "3 1 4 1 5 9 2 6"),
        "dyck": make_trace("paper/dyck2", "([)]"),
        "vowels": make_trace("strings/vowels", "hello"),
        "nasty": trace(nasty_model(), NASTY),
        "long": trace(raspc.compile(LONG).model(device="cpu"), ["a", "long-token"] * 12),
    }
    for name, made in traces.items():
        (folder / f"{name}.html").write_text(render(made, f"{name}.safetensors"), encoding="utf-8")
    return {name: folder / f"{name}.html" for name in traces}


def show(driver: WebDriver, page: Path, width: int = 1280, **media: str) -> None:
    features = [{"name": name.replace("_", "-"), "value": value} for name, value in media.items()]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features, "media": ""})
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    driver.get(page.as_uri())


def ask(driver: WebDriver, script: str) -> Any:
    """The JSON value of a script's expression."""
    return driver.execute_script(f"return {script}")


def press(driver: WebDriver, *keys: str) -> None:
    from selenium.webdriver.common.action_chains import ActionChains

    for key in keys:
        ActionChains(driver).send_keys(key).perform()


def lit(driver: WebDriver, kind: str = ".lit") -> set[str]:
    return set(ask(driver, f"[...document.querySelectorAll('[data-key]{kind}')].map(e => e.dataset.key)"))


@pytest.mark.parametrize("name", ["sort", "dyck", "vowels", "nasty"])
@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_loads_without_messages_and_fits_the_window(
    driver: WebDriver, pages: dict[str, Path], name: str, width: int
) -> None:
    show(driver, pages[name], width)
    entries: list[dict[str, Any]] = driver.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry for entry in entries if entry["level"] != "INFO"] == []
    assert ask(driver, "document.documentElement.scrollWidth") <= ask(driver, "document.documentElement.clientWidth")
    assert ask(driver, "innerWidth") == width
    outside = (
        "[...document.querySelectorAll('body *')].filter(e => e.closest('.scroll, .skip, [hidden]') === null"
        " && e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).length"
    )
    assert ask(driver, outside) == 0


def test_from_the_program_to_the_model(driver: WebDriver, pages: dict[str, Path]) -> None:
    show(driver, pages["sort"])
    driver.execute_script("[...document.querySelectorAll('.w')].find(e => e.textContent === 'target').click()")
    assert {"h0.0", "h0.1", "g0.0", "d23", "d24", "v7"} <= lit(driver)
    assert not {"h1.0", "d1", "d25"} & lit(driver)
    assert "target" in ask(driver, "document.getElementById('bar').textContent")
    assert ask(driver, "document.getElementById('bar').hidden") is False


def test_from_a_line_to_the_model(driver: WebDriver, pages: dict[str, Path]) -> None:
    show(driver, pages["sort"])
    driver.execute_script("document.querySelector('[aria-label=\"line 8\"]').click()")
    assert {"h1.0", "d25", "o0"} <= lit(driver)
    inside = "document.querySelector('.card.lit').getBoundingClientRect().bottom <= innerHeight + 1"
    assert ask(driver, f"new Promise(done => setTimeout(() => done({inside}), 700))") is True


def test_from_the_model_to_the_program(driver: WebDriver, pages: dict[str, Path]) -> None:
    show(driver, pages["sort"])
    driver.execute_script("document.querySelector('#heat [data-key=d24] button').click()")
    lines = "[...document.querySelectorAll('.line.lit .no')].map(e => e.textContent)"
    assert "7" in ask(driver, lines)
    assert "5" not in ask(driver, lines)
    driver.execute_script("document.querySelector('.card[data-key=\"h1.0\"] h5 button').click()")
    assert ask(driver, lines) == ["8"]


def test_the_keyboard(driver: WebDriver, pages: dict[str, Path]) -> None:
    from selenium.webdriver.common.keys import Keys

    show(driver, pages["sort"])
    assert ask(driver, "document.querySelectorAll('.listing [tabindex=\"0\"]').length") == 1
    driver.execute_script("document.querySelector('.listing [tabindex=\"0\"]').focus()")
    active = "document.activeElement"
    press(driver, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert ask(driver, f"{active}.getAttribute('aria-label')") == "line 7"
    press(driver, Keys.ARROW_RIGHT)
    assert ask(driver, f"{active}.textContent") == "target"
    press(driver, Keys.ENTER)
    assert "h0.0" in lit(driver)
    press(driver, Keys.ESCAPE)
    assert lit(driver) == set()
    assert ask(driver, "document.getElementById('bar').hidden") is True
    driver.execute_script("document.querySelector('.pattern td').focus()")
    press(driver, Keys.ARROW_RIGHT)
    tip = ask(driver, "document.getElementById('tip').textContent")
    assert tip.startswith("query 0 (3) → key 1 (1)\nweight 1 of a selected key; in the model 1.27e-14")
    assert tip.endswith("the selector selects it")
    driver.execute_script("document.querySelector('[data-stage][aria-checked=true]').focus()")
    press(driver, Keys.ARROW_LEFT, Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    assert ask(driver, f"{active}.textContent") == "embed"
    cells = "[...document.querySelectorAll('#heat tr[data-key=d23] td')].map(e => e.textContent).join('')"
    assert ask(driver, cells) == "", "nothing is written there yet"
    press(driver, Keys.ARROW_RIGHT)
    assert ask(driver, cells) == "3415726"


def test_light_and_dark(driver: WebDriver, pages: dict[str, Path]) -> None:
    paper = "getComputedStyle(document.body).backgroundColor"
    seen = {}
    for scheme in ("light", "dark"):
        show(driver, pages["sort"], prefers_color_scheme=scheme)
        assert ask(driver, "document.documentElement.dataset.theme") == scheme
        seen[scheme] = ask(driver, paper)
    assert seen["light"] != seen["dark"]
    driver.execute_script("document.getElementById('theme').click()")
    assert ask(driver, paper) == seen["light"]


#: The contrast of every piece of text with what is behind it; WCAG asks for 4.5.
CONTRAST = """
const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgb = (colour) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const light = (c) => {
  const [r, g, b] = c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const behind = (e) => {
  for (; e !== null; e = e.parentElement) {
    const c = rgb(getComputedStyle(e).backgroundColor);
    if (c[3] === 255) return c;
  }
  return [255, 255, 255, 255];
};
const low = [];
for (const e of document.querySelectorAll('body *')) {
  const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim() !== '');
  if (!own || e.closest('script, [hidden], .skip, .unused') !== null) continue;
  const a = light(rgb(getComputedStyle(e).color)), b = light(behind(e));
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) low.push(`${e.className || e.tagName} ${e.textContent.slice(0, 20)}: ${ratio.toFixed(2)}`);
}
return low;
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_has_contrast(driver: WebDriver, pages: dict[str, Path], scheme: str) -> None:
    show(driver, pages["dyck"], prefers_color_scheme=scheme)
    driver.execute_script("document.querySelector('.card h5 button').click()")
    assert driver.execute_script(CONTRAST) == []


def test_print_shows_everything(driver: WebDriver, pages: dict[str, Path]) -> None:
    show(driver, pages["sort"])
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    cut = (
        "[...document.querySelectorAll('#program, .scroll, .card')]"
        ".filter(e => e.scrollHeight > e.clientHeight + 1 && getComputedStyle(e).overflowY !== 'visible').length"
    )
    assert ask(driver, cut) == 0
    assert ask(driver, "getComputedStyle(document.getElementById('theme').parentElement).display") == "none"


def test_every_control_has_a_name(driver: WebDriver, pages: dict[str, Path]) -> None:
    show(driver, pages["dyck"])
    nameless = (
        "[...document.querySelectorAll('button, [role=region], [role=radiogroup]')].filter(e =>"
        " e.closest('[hidden]') === null && !(e.textContent.trim() || e.getAttribute('aria-label'))).length"
    )
    assert ask(driver, nameless) == 0
    doubles = "[...document.querySelectorAll('[id]')].map(e => e.id).filter((id, i, all) => all.indexOf(id) !== i)"
    assert ask(driver, doubles) == []


def test_cells_of_a_long_input_are_squares_of_one_size(driver: WebDriver, pages: dict[str, Path]) -> None:
    show(driver, pages["long"])
    sizes = ask(
        driver,
        "[...document.querySelectorAll('.pattern td:not(.sum), .heat td')].map(e => e.getBoundingClientRect())"
        ".map(r => [r.width.toFixed(1), r.height.toFixed(1)].join())",
    )
    assert len(set(sizes)) == 1
    width, height = sizes[0].split(",")
    assert width == height


def test_the_reason_of_a_form_is_folded_away(driver: WebDriver, pages: dict[str, Path]) -> None:
    show(driver, pages["sort"])
    assert ask(driver, "document.querySelectorAll('.card details.why').length > 0")
    assert ask(driver, "document.querySelectorAll('.card details[open]').length") == 0
