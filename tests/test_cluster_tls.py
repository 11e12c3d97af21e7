"""A cluster behind `tls://`, with the certificates of Dask's configuration, and without them."""

from __future__ import annotations

import datetime as dt
import os
from typing import TYPE_CHECKING

import pytest
import trustme

from clusters import Cluster, cluster, models
from running import one_line, tflint

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "killpg"), reason="clusters are ended by signals"),
    pytest.mark.xdist_group("cluster"),
]
CONFIGURED = "DASK_DISTRIBUTED__COMM__TLS__"
LONG_AGO = dt.datetime(2020, 1, 1, tzinfo=dt.timezone.utc)


class Certified:
    """A folder with certificates, an authority that the cluster trusts, and one of others."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ours, self.others = trustme.CA(), trustme.CA()

    def environment(self, name: str, trusted: trustme.CA, shown: trustme.LeafCert) -> dict[str, str]:
        """Dask's configuration for who trusts that authority and shows that certificate."""
        authority, own = self.folder / f"{name}-ca.pem", self.folder / f"{name}.pem"
        trusted.cert_pem.write_to_path(authority)
        shown.private_key_and_cert_chain_pem.write_to_path(own)
        sides = {f"{CONFIGURED}{side}__CERT": str(own) for side in ("SCHEDULER", "WORKER", "CLIENT")}
        return {f"{CONFIGURED}CA_FILE": str(authority), **sides}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> Certified:
    """Give a folder for certificates."""
    return Certified(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="module")
def right(certified: Certified) -> dict[str, str]:
    """Give the configuration of the cluster and of who belongs to it."""
    return certified.environment("right", certified.ours, certified.ours.issue_cert("127.0.0.1"))


@pytest.fixture(scope="module")
def secure(certified: Certified, right: dict[str, str]) -> Iterator[Cluster]:
    """Give a cluster of one worker that takes encrypted connections only."""
    with cluster(certified.folder, 1, "tls", **right) as one:
        yield one


def test_a_cluster_behind_tls(secure: Cluster, right: dict[str, str], tmp_path: Path) -> None:
    """With certificates that Dask is configured with, the report is that of this machine."""
    folder = models(tmp_path, *"abc")
    here = tflint(tmp_path, "check", folder, "-f", "json")
    there = tflint(tmp_path, "check", folder, "-f", "json", "--scheduler", secure.address, **right)

    assert secure.address.startswith("tls://")
    assert (there.returncode, there.stdout, there.stderr) == (here.returncode, here.stdout, here.stderr)


def test_a_certificate_that_is_not_taken(secure: Cluster, certified: Certified, tmp_path: Path) -> None:
    """Of another authority on either side, or out of date: one line says so, and names no object of Dask's."""
    ours, others = certified.ours, certified.others
    expired = ours.issue_cert("127.0.0.1", not_after=LONG_AGO)
    for name, trusted, shown, said in (
        ("distrusting", others, ours.issue_cert("127.0.0.1"), "TLS certificate does not match"),
        ("foreign", ours, others.issue_cert("127.0.0.1"), None),
        ("expired", ours, expired, None),
    ):
        environ = certified.environment(name, trusted, shown)
        done = tflint(tmp_path, "check", models(tmp_path, "a"), "--scheduler", secure.address, **environ)
        one_line(done, f"--scheduler {secure.address}: ", said or "")
        # the server's reason may come before the end of the connection, or not any more
        assert said or "does not take the certificate" in done.stderr or "SSLError: [SSL: " in done.stderr
        assert " <" not in done.stderr


def test_files_that_hold_no_certificate(secure: Cluster, right: dict[str, str], tmp_path: Path) -> None:
    """Not there, none in it, or not configured at all: it is Dask's configuration that is named."""
    (tmp_path / "text.pem").write_text("text")
    for key, value in (("CA_FILE", "nowhere.pem"), ("CLIENT__CERT", "nowhere.pem"), ("CLIENT__CERT", "text.pem")):
        environ = {**right, f"{CONFIGURED}{key}": str(tmp_path / value)}
        done = tflint(tmp_path, "check", models(tmp_path, "a"), "--scheduler", secure.address, **environ)
        one_line(done, f"--scheduler {secure.address}: distributed.comm.tls of Dask's configuration: its ca-file, ")
    done = tflint(tmp_path, "check", models(tmp_path, "a"), "--scheduler", secure.address)
    one_line(done, "distributed.comm.tls of Dask's configuration names no certificates")


def test_tls_and_tcp_are_told_apart(secure: Cluster, right: dict[str, str], tmp_path: Path) -> None:
    """An address with the other scheme is one line."""
    plain = secure.address.replace("tls:", "tcp:")
    done = tflint(tmp_path, "check", models(tmp_path, "a"), "--scheduler", plain, **right)
    one_line(done, f"--scheduler {plain}: the connection was closed from there, as one does that wants tls://")
