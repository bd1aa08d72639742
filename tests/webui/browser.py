"""A headless Chromium that is driven by its keyboard, and what is looked for in any page it shows.

Not for: what the server answers (`conftest.Person`).
"""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, cast

from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions, ChromeService, Keys
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

WITHIN: Final = 20.0
"""Seconds the page may take to show something."""
FLAGS: Final = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
)

# Every text that is seen: its size, and its contrast with the nearest background that is not transparent (WCAG 2.2,
# 1.4.6); and whether the page is wider than the window.
FAULTS: Final = r"""
const faults = [];
const channel = (c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b);
const parts = (color) => color.match(/[\d.]+/g).map(Number);
function behind(element) {
  for (let e = element; e; e = e.parentElement) {
    const color = parts(getComputedStyle(e).backgroundColor);
    if (color.length < 4 || color[3] > 0) return color;
  }
  return [255, 255, 255];
}
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  const text = walker.currentNode.textContent.trim();
  if (!text || ["SCRIPT", "NOSCRIPT", "STYLE"].includes(element.tagName)) continue;
  if (!element.checkVisibility() || element.closest(".unseen")) continue;
  const style = getComputedStyle(element);
  const [a, b] = [light(parts(style.color)), light(behind(element))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 7) faults.push(`contrast ${ratio.toFixed(1)}: ${text.slice(0, 40)}`);
  if (parseFloat(style.fontSize) < 18) faults.push(`size ${style.fontSize}: ${text.slice(0, 40)}`);
}
const root = document.documentElement;
if (root.scrollWidth > root.clientWidth) faults.push(`wider than the window: ${root.scrollWidth}`);
if (!["fr", "en"].includes(root.lang)) faults.push("no language");
if (document.querySelectorAll("h1").length !== 1) faults.push("not one h1");
const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
if (new Set(ids).size !== ids.length) faults.push("an id twice");
for (const e of document.querySelectorAll("[style], [onclick]")) faults.push("inline style or script");
return faults;
"""


class Browser:
    """One window."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def open(self, address: str) -> None:
        """Go to this address."""
        self.driver.get(address)

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    @property
    def focused(self) -> WebElement:
        """What the next key goes to."""
        return self.driver.switch_to.active_element

    def tab_to(self, name: str) -> None:
        """Press Tab until the focus is on what has this accessible name, and its outline is seen."""
        seen = []
        for _ in range(60):
            self.press(Keys.TAB)
            seen.append(self.focused.accessible_name)
            if seen[-1] == name:
                assert self.focused.value_of_css_property("outline-style") == "solid", f"no visible focus on {name!r}"
                return
        raise AssertionError(f"Tab never came to {name!r}, but to {seen}")

    def tab_order(self) -> list[str]:
        """The accessible names that Tab comes to, from the top of the page."""
        self.driver.execute_script("document.activeElement.blur(); window.getSelection().removeAllRanges()")
        names: list[str] = []
        for _ in range(80):
            self.press(Keys.TAB)
            if self.focused.tag_name == "body":
                break
            names.append(self.focused.accessible_name)
        return names

    def wait_for(self, text: str) -> None:
        """Until this text is on the page."""
        WebDriverWait(self.driver, WITHIN).until(lambda _: text in self.text)

    @property
    def text(self) -> str:
        """What is read on the page."""
        return cast(str, self.driver.execute_script("return document.body.innerText"))

    def faults(self) -> list[str]:
        """What a person with poor sight, a keyboard or a screen reader would stumble over."""
        for _ in range(5):
            # A row that the live stream replaces while it is looked at is looked at again.
            with suppress(StaleElementReferenceException):
                return cast(list[str], self.driver.execute_script(FAULTS)) + self._nameless()
        raise AssertionError("the page changed five times while it was looked at")

    def _nameless(self) -> list[str]:
        controls = "a[href], button, input:not([type=hidden]), select, progress, table"
        return [
            f"no name: {control.get_attribute('outerHTML')}"
            for control in self.driver.find_elements("css selector", controls)
            if control.is_displayed() and not control.accessible_name
        ]

    def complaints(self) -> list[str]:
        """What the browser's console says is wrong."""
        entries = cast(list[dict[str, str]], self.driver.get_log("browser"))  # type: ignore[no-untyped-call]  # selenium's
        return [entry["message"] for entry in entries if entry["level"] in ("SEVERE", "WARNING")]

    def shot(self, path: Path) -> None:
        """A picture of the whole page."""
        shot = self.driver.execute_cdp_cmd("Page.captureScreenshot", {"captureBeyondViewport": True})
        path.write_bytes(b64decode(shot["data"]))


@contextmanager
def browser_in(folder: Path, *, width: int = 1280, zoom: float = 1.0) -> Iterator[Browser]:
    """A fresh browser whose window is `width` CSS pixels wide."""
    options = ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in (*FLAGS, f"--user-data-dir={folder}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = Chrome(options=options, service=ChromeService(executable_path="/usr/bin/chromedriver"))
    try:
        driver.set_page_load_timeout(WITHIN)
        metrics = {"width": width, "height": 900, "deviceScaleFactor": zoom, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        yield Browser(driver)
    finally:
        driver.quit()
