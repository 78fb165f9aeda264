"""JupyterLab in a real browser: it lands on the course map, a chapter notebook runs from top to bottom, a figure is visible.

Needs Playwright and Chromium; set BIGMODEL_SCREENSHOT to a file name to keep the picture.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

from bigmodel_lib import notebooks

import nbformat
import pytest

playwright = pytest.importorskip("playwright.sync_api")
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.slow, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")]

ROOT = pathlib.Path(__file__).resolve().parent.parent
NOTEBOOK = "1.1-from-perceptrons-to-large-models.ipynb"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """A JupyterLab on a copy of the course: running a notebook must not touch the student's (or the developer's) files."""
    course = tmp_path_factory.mktemp("course")
    for folder in ("chapters", "exercises"):
        shutil.copytree(ROOT / folder, course / folder)
    shutil.copy(ROOT / "README.md", course)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ip=127.0.0.1", f"--port={port}",
               "--IdentityProvider.token=test", "--allow-root", "--expose-app-in-browser",
               f"--ServerApp.root_dir={course}"]  # fmt: skip
    environment = notebooks.student_environment() | {"JUPYTER_CONFIG_DIR": str(course / ".jupyter")}
    with (course / "lab.log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
        try:
            for _ in range(120):
                with contextlib.suppress(OSError):
                    urllib.request.urlopen(f"http://127.0.0.1:{port}/api", timeout=5)
                    break
                time.sleep(0.5)
            else:
                pytest.fail((course / "lab.log").read_text("utf-8", "replace")[-2000:])
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)


@pytest.fixture
def page(lab):
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        yield page
        browser.close()


def test_browser_lands_on_the_course_map(lab, page):
    page.goto(f"{lab}/?token=test")
    page.wait_for_selector(".jp-NotebookPanel .jp-MarkdownOutput h1")
    assert "course-map.ipynb" in page.url
    link = page.locator(".jp-NotebookPanel a", has_text=re.compile("From perceptrons")).first
    link.click()
    page.wait_for_selector(f".lm-TabBar-tabLabel:has-text('{NOTEBOOK}')")


def test_browser_shows_a_student_no_buttons_of_a_teacher(lab, page):
    """nbgrader comes with the course for those who grade; its extension of JupyterLab is off until they turn it on."""
    page.goto(f"{lab}/?token=test")
    page.wait_for_selector(".jp-NotebookPanel .jp-MarkdownOutput h1")
    assert page.evaluate(
        "JSON.parse(document.getElementById('jupyter-config-data').textContent).disabledExtensions.includes('@jupyter/nbgrader')"
    )
    assert page.locator(".lm-MenuBar-itemLabel", has_text="View").count() == 1
    assert page.locator(".lm-MenuBar-itemLabel", has_text="Nbgrader").count() == 0
    assert page.locator("text=Create Assignment").count() == 0
    assert not page.evaluate("window.jupyterapp.commands.listCommands().some(id => id.startsWith('nbgrader:'))")


# What the notebook's own model says of its cells: rendering may lag behind it
CELLS = """() => window.jupyterapp.shell.currentWidget.model.sharedModel.cells
    .filter(cell => cell.cell_type === 'code')
    .map(cell => ({count: cell.execution_count, error: cell.outputs.some(o => (o.output_type || o.get?.('output_type')) === 'error')}))"""
RUN_ALL = """async () => {
    const app = window.jupyterapp, panel = app.shell.currentWidget;
    await panel.sessionContext.ready;
    await panel.sessionContext.session.kernel.info;
    await app.commands.execute('notebook:clear-all-cell-outputs');
    await app.commands.execute('notebook:run-all-cells');
}"""


def test_browser_runs_a_chapter_notebook_from_top_to_bottom(lab, page):
    page.goto(f"{lab}/lab/tree/chapters/1-concepts/{NOTEBOOK}?token=test&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.wait_for_function("document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'")
    for _ in range(3):  # Lab now and then loses a "run all" that comes while it still sets up the notebook
        page.evaluate(RUN_ALL)
        cells = page.evaluate(CELLS)
        counts = [cell["count"] for cell in cells]
        if all(counts):
            break
    assert len(counts) >= 8 and not any(cell["error"] for cell in cells)
    assert counts == sorted(counts) and counts[-1] - counts[0] == len(counts) - 1, counts
    figure = page.locator(".jp-NotebookPanel .jp-OutputArea-output img").first
    figure.scroll_into_view_if_needed()
    assert figure.is_visible() and figure.evaluate("image => image.naturalWidth") > 300
    if os.environ.get("BIGMODEL_SCREENSHOT"):
        page.screenshot(path=os.environ["BIGMODEL_SCREENSHOT"])


WIDGET = """
from bigmodel_lib import widgets
from bigmodel_lib.models import llama


class Letters:
    def encode(self, text):
        return ["abcdefgh".index(letter) for letter in text]

    def decode(self, ids, skip_special=True):
        return "".join("abcdefgh"[id] for id in ids)


tiny = llama.Llama(num_layers=1, d_model=8, num_heads=2, num_kv_heads=1, d_ff=8, vocab_size=8, seq_len=64)
widgets.next_token(tiny, Letters(), "abc")
"""


def test_browser_plays_with_the_next_token(lab, page):
    """The widget appears with its figure, and its button writes a token behind the prompt."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(WIDGET, id="widget")])
    request = urllib.request.Request(
        f"{lab}/api/contents/chapters/widget.ipynb?token=test",
        json.dumps({"type": "notebook", "content": json.loads(notebooks.text(notebook))}).encode(),
        {"Content-Type": "application/json"},
        method="PUT",
    )
    urllib.request.urlopen(request)
    page.goto(f"{lab}/lab/tree/chapters/widget.ipynb?token=test&reset")
    page.wait_for_selector(".jp-NotebookPanel .jp-Cell")
    page.wait_for_function("document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'")
    for _ in range(3):
        page.evaluate(RUN_ALL)
        if page.evaluate(CELLS)[0]["count"]:
            break
    page.wait_for_selector(".jupyter-widgets img")
    prompt = page.locator(".jupyter-widgets textarea")
    assert prompt.input_value() == "abc"
    page.get_by_role("button", name="draw a token").click()
    page.wait_for_function("document.querySelector('.jupyter-widgets textarea').value.length === 4")
