"""Globs, and version specifiers."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from tflint.config.requirement import PATTERN, satisfied
from tflint.patterns import Glob


@pytest.mark.parametrize(
    ("pattern", "path", "matches"),
    [
        ("m.tflite", "/w/m.tflite", True),
        ("m.tflite", "/w/a/b/m.tflite", True),
        ("m.tflite", "/m.tflite", False),
        ("m.tflite", "/w/xm.tflite", False),
        ("old", "/w/a/old/b/m.tflite", True),
        ("old/", "/w/old/m.tflite", True),
        ("a/old", "/w/a/old/m.tflite", True),
        ("a/old", "/w/b/a/old/m.tflite", False),
        ("./m.tflite", "/w/m.tflite", True),
        ("./m.tflite", "/w/a/m.tflite", False),
        ("a/*.tflite", "/w/a/m.tflite", True),
        ("a/*.tflite", "/w/a/b/m.tflite", False),
        ("a/**/m.tflite", "/w/a/m.tflite", True),
        ("a/**/m.tflite", "/w/a/b/c/m.tflite", True),
        ("**/m.tflite", "/w/m.tflite", True),
        ("a/**", "/w/a/b/m.tflite", True),
        ("m?.tflite", "/w/m1.tflite", True),
        ("a?m.tflite", "/w/a/m.tflite", False),
        ("m[0-3].tflite", "/w/m2.tflite", True),
        ("m[!0-3].tflite", "/w/m2.tflite", False),
        ("m[3-0].tflite", "/w/m2.tflite", False),
        ("m[.tflite", "/w/m[.tflite", True),
        ("../x/m.tflite", "/x/m.tflite", True),
        ("/x/*.tflite", "/x/m.tflite", True),
        ("/x/*.tflite", "/w/x/m.tflite", False),
        ("*", "/w/a/m.tflite", True),
        ("**a*b/c", "/w/a/ab/c", True),
        ("a**/b", "/w/a/x/b", True),
        ("x/**/a/**/b", "/w/x/a/a/b/a/c", True),
        ("[]", "/w/[]/m.tflite", True),
        ("[!]", "/w/a/m.tflite", False),
    ],
)
def test_globs(pattern: str, path: str, *, matches: bool) -> None:
    """Relative to their folder, folders with all that is in them, `*` within one name."""
    assert Glob(pattern, "/w").matches(path) is matches


@pytest.mark.parametrize("folder", ["/w/[x]", "/w/a*b", "/"])
def test_the_folder_of_a_glob_is_no_glob(folder: str) -> None:
    """Its own name may have what is special in a glob."""
    inside = folder.rstrip("/") + "/a/m.tflite"
    for pattern in ("m.tflite", "a/m.tflite", "a"):
        assert Glob(pattern, folder).matches(inside)
        assert not Glob(pattern, folder).matches("/else/where.tflite")


@given(st.text(alphabet="a*?[]!-/.\\&|~^", min_size=1, max_size=12))
def test_no_glob_is_an_error(pattern: str) -> None:
    """Whatever is written, it matches or does not."""
    assert Glob(pattern, "/w").matches("/w/a/m.tflite") in (True, False)


@pytest.mark.parametrize("pattern", ["*a" * 1000 + "b", "**a" * 1000 + "b", "**/a" * 1000 + "b", "*?" * 1000 + "[!a]"])
def test_no_glob_takes_long(pattern: str) -> None:
    """A thousand stars on the longest path that a system has: a matcher that goes back would not come to an end."""
    before = time.process_time()

    assert not Glob(pattern, "/w").matches("/w" + "/a" * 2000)
    assert time.process_time() - before < 5


@pytest.mark.parametrize(
    ("text", "version", "meets"),
    [
        (">=0.1", "0.1.0", True),
        (">=0.2", "0.1.9", False),
        (">=0.1,<0.2", "0.1.7", True),
        (">=0.1,<0.2", "0.2.0", False),
        ("==0.1.*", "0.1.7", True),
        ("!=0.1.*", "0.1.7", False),
        ("==0.1", "0.1.0", True),
        ("!=0.1", "0.1.1", True),
        ("~=0.1", "0.9", True),
        ("~=0.1.2", "0.1.1", False),
        ("~=0.1.2", "0.2.0", False),
        ("> 0.1 , <= 0.3", "0.3.0", True),
        (">=0.3", "0.3.0.dev1", True),
        (">=0.10", "0.9", False),
    ],
)
def test_versions(text: str, version: str, *, meets: bool) -> None:
    """As PEP 440 compares releases."""
    assert re.search(PATTERN, text)
    assert satisfied(text, version) is meets


@given(
    st.lists(
        st.tuples(st.sampled_from(["==", "!=", "<=", ">=", "<", ">", "~="]), st.lists(st.integers(0, 3), min_size=2)),
        min_size=1,
    ),
    st.lists(st.integers(0, 3), min_size=1, max_size=4),
)
def test_versions_as_packaging_compares_them(clauses: list[tuple[str, list[int]]], release: list[int]) -> None:
    """The reference implementation of PEP 440 agrees on releases."""
    text = ",".join(f"{operator}{'.'.join(map(str, numbers))}" for operator, numbers in clauses)
    version = ".".join(map(str, release))

    assert satisfied(text, version) is SpecifierSet(text).contains(version)
