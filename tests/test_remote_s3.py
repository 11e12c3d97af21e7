"""Models in S3, as moto serves it: only metadata travels, prefixes and globs are listed, failures are lines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from archiving import CLEAN, FLAWED
from running import tflint
from serving import Proxy, counting
from tflint import sketch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

botocore = pytest.importorskip("botocore.session")
pytest.importorskip("s3fs")
server = pytest.importorskip("moto.server")

KEYS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "s3cret", "AWS_DEFAULT_REGION": "us-east-1"}
BIG = "\n".join(
    [
        "x0: float32[1,1024]",
        *(
            f"w{n}: float32[1024,1024] = const\nx{n + 1}: float32[1,1024] = FULLY_CONNECTED(x{n}, w{n}, -)"
            for n in range(25)
        ),
        "signature serving_default(x=x0) -> (y=x25)",
    ]
)


@pytest.fixture(scope="module")
def bucket() -> Iterator[Proxy]:
    """A bucket behind a proxy that counts."""
    moto = server.ThreadedMotoServer(port=0, verbose=False)
    moto.start()
    _, port = moto.get_host_and_port()
    client: Any = botocore.Session().create_client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106 - moto takes any
    )
    client.create_bucket(Bucket="models")
    files = {"big.tflite": sketch.build(BIG), "a/m.tflite": FLAWED, "a/b/n.tflite": CLEAN, "a/notes.txt": b"no"}
    for key, data in files.items():
        client.put_object(Bucket="models", Key=key, Body=data)
    with counting(port) as proxy:
        yield proxy
    moto.stop()


def checked(folder: Path, proxy: Proxy, *arguments: str) -> list[dict[str, Any]]:
    """The files of a JSON report."""
    done = tflint(folder, "check", "-f", "json", *arguments, **KEYS, AWS_ENDPOINT_URL=f"http://127.0.0.1:{proxy.own}")
    assert done.returncode in (0, 1), done.stderr
    files: list[dict[str, Any]] = json.loads(done.stdout)["files"]
    return files


def test_only_metadata_travels(tmp_path: Path, bucket: Proxy) -> None:
    """Of 100 MB less than 2 MB do, in a few requests, headers and all; the findings are those of the file."""
    (tmp_path / "big.tflite").write_bytes(sketch.build(BIG))
    before, asked = bucket.sent, bucket.requests
    [found] = checked(tmp_path, bucket, "s3://models/big.tflite")

    assert (tmp_path / "big.tflite").stat().st_size > 100_000_000
    assert bucket.sent - before < 2_000_000
    assert bucket.requests - asked < 60
    [local] = checked(tmp_path, bucket, "big.tflite")
    assert found == {**local, "path": "s3://models/big.tflite"}


def test_prefixes_and_globs_are_listed(tmp_path: Path, bucket: Proxy) -> None:
    """A prefix is searched as a folder is; processes of a pool read what the parent has listed."""
    for arguments in (("s3://models/a",), ("s3://models/a/",), ("-j", "2", "s3://models/a/**/*.tflite")):
        found = checked(tmp_path, bucket, *arguments)
        assert [file["path"] for file in found] == ["s3://models/a/b/n.tflite", "s3://models/a/m.tflite"]
        assert [len(file["findings"]) for file in found] == [0, 2]


def test_what_is_not_there_is_a_finding(tmp_path: Path, bucket: Proxy) -> None:
    """An object, a bucket; and nothing at all where a glob matches nothing."""
    for url in ("s3://models/gone.tflite", "s3://nowhere/gone.tflite"):
        [file] = checked(tmp_path, bucket, url)
        assert [(f["code"], f["message"]) for f in file["findings"]] == [("TFL901", "cannot be read: not found")]
    assert checked(tmp_path, bucket, "s3://models/none*.tflite") == []
