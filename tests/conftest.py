"""Fixtures that more than one file of tests uses."""

from __future__ import annotations

import tempfile
from typing import TYPE_CHECKING

import pytest

from tflint.contract.find import closest_lock
from tflint.convert import interpreters

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def pytest_sessionstart() -> None:
    """Refuse to run below a lock: it would govern the models of every test. Raises UsageError."""
    if (lock := closest_lock(tempfile.gettempdir())) is not None:
        raise pytest.UsageError(f"{lock} governs the models that tests make: remove it, or set TMPDIR elsewhere")


@pytest.fixture
def isolated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to stand in, without our settings in the environment or at home."""
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "TFLITE_LINT_TARGET", "TFLITE_LINT_FAIL_ON"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-such-home"))
    return tmp_path


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for environments; interpreters are looked for anew."""
    monkeypatch.setenv("TFLITE_LINT_CONVERTERS", str(tmp_path / "kept"))
    interpreters.find.cache_clear()
    yield tmp_path / "kept"
    interpreters.find.cache_clear()


@pytest.fixture
def offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let uv reach no network and have no cache."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_OFFLINE", "1")
