"""What git says of a checkout: which files it does not ignore, and which have changed since a revision."""

from __future__ import annotations

import os
import subprocess
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from tflint.errors import TflintError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

LOCAL = {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"}
GUARDED = ("-c", "safe.bareRepository=explicit", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null")
"""A folder of a checkout may hold all that makes a bare repository, with a configuration of programs that git runs."""
SECONDS = 120  # for one call; git in a big checkout on a cold disk takes its time


class Changes:
    """Paths that differ from where a branch left a revision: committed, staged, unstaged and untracked."""

    def __init__(self, revision: str, governing: Collection[str]) -> None:
        """`governing`: names of files that say something of all models below their folder, and may by being deleted.

        Raises TflintError for what cannot be a revision.
        """
        if not revision or revision.startswith("-"):
            raise TflintError(f"--changed-since {revision}: not a revision")
        self.revision, self.governing = revision, governing
        self._changed: dict[str, frozenset[str]] = {}  # root -> absolute paths

    def concern(self, model: str, inputs: Iterable[str]) -> bool:
        """Whether a model has changed, or one of the files that say something of it.

        Raises TflintError where the model is in no checkout, or there is no such revision in it.
        """
        if _root(own_name(model)) is None:
            raise TflintError(f"--changed-since {self.revision}: {model} is not in a git checkout")
        return any(map(self._hold, (model, *inputs)))

    def _hold(self, path: str) -> bool:
        """Whether a file, or a folder that it is in (a submodule, a nested repository), has changed."""
        real = own_name(path)
        root = _root(real)
        changed = self._of(root) if root else frozenset[str]()
        return real in changed or any(str(folder) in changed for folder in Path(real).parents)

    def _of(self, root: str) -> frozenset[str]:
        if root not in self._changed:
            self._changed[root] = frozenset(os.path.normpath(os.path.join(root, name)) for name in self._names(root))
        return self._changed[root]

    def _names(self, root: str) -> set[str]:
        start, asked = self.revision, f"--changed-since {self.revision}"
        if _git(root, "rev-parse", "--verify", "--quiet", f"{start}^{{commit}}") is None:
            raise TflintError(f"{asked}: no such revision in {root}; in CI, fetch it (fetch-depth: 0)")
        head = _git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        base = _git(root, "merge-base", start, "HEAD") if head else None
        if base is None:
            raise TflintError(
                f"{asked}: has no commit in common with HEAD in {root}; in CI, fetch more (fetch-depth: 0)"
            )
        changed = _git(
            root,
            "diff",
            "--name-only",
            "--no-renames",
            "--no-ext-diff",
            "--ignore-submodules=none",
            "-z",
            base.strip(),
            "--",
        )
        others = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
        if changed is None or others is None:
            raise TflintError(f"{asked}: git fails in {root}")
        names = {name.rstrip("/") for name in f"{changed}{others}".split("\0") if name}
        return names | {os.path.dirname(name) for name in names if os.path.basename(name) in self.governing}


def _root(path: str) -> str | None:
    """The checkout that a path is in: the one around the current folder where it is in that, else its own."""
    here = checkout_of(os.getcwd())
    return here if here and Path(path).is_relative_to(here) else checkout_of(os.path.dirname(path))


@lru_cache(maxsize=4096)
def checkout_of(folder: str) -> str | None:
    """The root of the checkout that a folder is in, links resolved; None where it is in none."""
    real = Path(os.path.realpath(folder))
    return next((str(each) for each in (real, *real.parents) if (each / ".git").exists()), None)


def own_name(path: str | os.PathLike[str]) -> str:
    """The absolute path with the links on the way to it resolved, and not it: git knows a link by its own name."""
    folder, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(folder), name)


def listed(folder: Path, *patterns: str) -> tuple[list[Path], list[Path]] | None:
    """Files in a folder of a checkout that match and are not ignored, and the checkouts in it; None where git has none.

    Those are submodules, and repositories that the outer one does not track.
    """
    try:
        found = _git(str(folder), "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *patterns, "*/")
        modules = _git(str(folder), "ls-files", "-z", "--stage") if found and _has_modules(folder) else ""
    except TflintError:
        return None
    if found is None:
        return None
    names = dict.fromkeys(name for name in found.split("\0") if name)
    links = [row.partition("\t")[2] for row in (modules or "").split("\0") if row.startswith("160000 ")]
    inner = [folder / name for name in (*links, *names) if name in links or name.endswith("/")]
    paths = (folder / name for name in names if not name.endswith("/") and name not in links)
    return [path for path in paths if path.exists()], [path for path in inner if (path / ".git").exists()]


def _has_modules(folder: Path) -> bool:
    root = checkout_of(str(folder))
    return root is not None and Path(root, ".gitmodules").exists()


def _git(folder: str, *arguments: str) -> str | None:
    """What git prints, None when it fails. Raises TflintError where there is no git.

    It looks for the checkout of the folder, not for that of a hook that we may be run by.
    """
    environment = {key: value for key, value in os.environ.items() if key not in LOCAL}
    try:
        done = subprocess.run(  # noqa: S603 - git, by list
            ["git", *GUARDED, "-C", folder, *arguments],  # noqa: S607 - whichever git the user has
            capture_output=True,
            check=False,
            timeout=SECONDS,
            env=environment,
        )
    except (OSError, subprocess.SubprocessError) as problem:
        raise TflintError(f"git cannot be run: {problem}") from None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None
