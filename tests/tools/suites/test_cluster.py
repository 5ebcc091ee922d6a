"""A cluster builds what this machine builds, byte for byte."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from raspc.cli.main import main

pytest.importorskip("distributed")

LIBRARY = "def same(x) { return select(x, x, ==); }\n"


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A scheduler and two workers, as processes of their own with a working folder elsewhere."""
    folder = tmp_path_factory.mktemp("cluster")
    script = (
        "import sys; from distributed import LocalCluster\n"
        "if __name__ == '__main__':\n"
        "    with LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:\n"
        "        print(cluster.scheduler_address, flush=True); sys.stdin.read()\n"
    )
    (folder / "cluster.py").write_text(script)
    process = subprocess.Popen(
        [sys.executable, "cluster.py"], cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield process.stdout.readline().strip().removeprefix("tcp://")
    finally:
        process.stdin.close()
        process.wait(timeout=60)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
def test_the_same_bytes(scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    programs = tmp_path / "programs"
    (programs / "lib").mkdir(parents=True)
    (programs / "lib" / "same.rasp").write_text(LIBRARY)
    for number in range(6):
        text = (
            f'load "lib/same"; set vocab "abc"; set max_length {number + 2}; selector_width(same(tokens)) + {number};'
        )
        (programs / f"p{number}.rasp").write_text(text)
    (programs / "wrong.rasp").write_text("tokns;")
    assert main(["build", "programs", "-o", "here", "--jobs", "1"]) == 1
    assert main(["build", "programs", "-o", "there", "--executor", f"dask://{scheduler}"]) == 1
    here, there = ({p.name: p.read_bytes() for p in Path(d).glob("p*")} for d in ("here", "there"))
    assert len(here) == 12
    assert here == there
    indexes = [json.loads(Path(folder, "index.json").read_text())["programs"] for folder in ("here", "there")]
    for entries in indexes:
        for entry in entries:
            del entry["seconds"]
    assert indexes[0] == indexes[1]


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")
def test_a_scheduler_that_does_not_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("raspc.tools.suites.executors.CONNECT_TIMEOUT", 1)
    Path("a.rasp").write_text('set vocab "a"; set max_length 2; tokens;')
    assert main(["build", "a.rasp", "-o", "out", "--executor", "dask://127.0.0.1:9"]) == 1
    error = capsys.readouterr().err
    assert "there is no answer from `dask://127.0.0.1:9`" in error
    assert "hint: check the address" in error
