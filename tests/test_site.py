"""The documentation site is built from what is there, has a page for each rule and target, and fetches nothing."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from models import ROOT
from tflint import api
from tflint.registry import catalogue
from tflint.runtimes.profile import resolve, target_ids

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the site; a broken link or a page that the navigation lacks is an error."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_every_rule_has_a_page(site: Path) -> None:
    """The index names each rule, and its page has its summary, what to do, and the cases of its tests."""
    index = (site / "rules" / "index.html").read_text(encoding="utf-8")
    for code, entry in {code: e for code, e in catalogue().items() if e.pack == "core"}.items():
        assert f'href="{code}/"' in index
        page = (site / "rules" / code / "index.html").read_text(encoding="utf-8")
        assert f"{entry.name} ({code})" in page
        held = f"<code># {code}</code>; the tests hold the rule to it" in page
        assert held == (entry.scope != "Notice"), code


def test_every_target_has_a_page(site: Path) -> None:
    """Each target's page lists its operators, and what its release changed."""
    for target in target_ids():
        page = (site / "targets" / target / "index.html").read_text(encoding="utf-8")
        assert all(f"<code>{op}</code>" in page for op in resolve(target).kernels)
    assert 'href="../tflite-2.11/">tflite-2.11</a>' in (site / "targets" / "tflite-2.12" / "index.html").read_text()


def test_what_runs_where(site: Path) -> None:
    """The matrix gives the newest version of each operator on each release, and nothing where there is no kernel."""
    text = (site / "targets" / "ops" / "index.html").read_text(encoding="utf-8")
    heads = re.findall(r'<th><a href="../([^/]+)/">', text)
    rows = {
        name: re.findall(r"<td[^>]*>(.*?)</td>", cells)
        for name, cells in re.findall(r"<tr><th>([A-Z]\w+)</th>(.*)", text)
    }
    for column, target in enumerate(heads):
        kernels = resolve(target).kernels
        assert {op: int(cells[column]) for op, cells in rows.items() if cells[column].isdigit()} == {
            op: high for op, (_, high) in kernels.items() if high < 1000
        }


def test_site_fetches_nothing(site: Path) -> None:
    """No script, style, font or picture comes from another host."""
    pages = list(site.rglob("*.html"))
    assert len(pages) > 100
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.findall(r'(?:src="|<link rel="(?:stylesheet|preconnect)"[^>]*href=")(?:https?:)?//[^"]+', text), (
            page
        )


def test_everything_that_rules_may_import_is_told(site: Path) -> None:
    """Each name of tflint.api has its section, with the fields and methods of what rules look at."""
    page = (site / "api" / "index.html").read_text(encoding="utf-8")
    for name in api.__all__:
        assert f'<h2 id="{name.lower()}' in page, name
    for kind in (api.Op, api.Tensor, api.Model):
        for member in vars(kind):
            assert member.startswith("_") or f"<code>{member}" in page, member
