"""Writing a pair of files: all or nothing, at whatever step it is stopped, and by whatever stops it."""

from __future__ import annotations

import errno
import os
import resource
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from raspc.compiler.artifact.model_files import read, write
from raspc.rasp_grammar.diagnostics import RaspError
from raspc.tests.support.handmade import identity, random_model, reverse, same

#: The system calls of `replace_files`, except those that clean up.
STEPS = ("open", "write", "fsync", "link", "replace")

OLD, NEW = random_model(0), reverse()


class Stop(BaseException):
    """Stands for Ctrl-C, which can come at any moment."""


def stop_at(monkeypatch: pytest.MonkeyPatch, number: int, error: BaseException, *, after: bool) -> Iterator[str]:
    """Make the step of this number raise, before or after it was done.  Yields the names of steps as they come."""
    steps: list[str] = []

    def counted(name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def step(*arguments: Any, **options: Any) -> Any:
            steps.append(name)
            if len(steps) - 1 == number and not after:
                raise error
            result = call(*arguments, **options)
            if len(steps) - 1 == number:
                if name == "open":
                    os.close(result)
                raise error
            return result

        return step

    for name in STEPS:
        monkeypatch.setattr(os, name, counted(name, getattr(os, name)))
    return iter(steps)


@pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("what", ["interrupt", "full disk"])
@pytest.mark.parametrize("existing", [False, True], ids=["fresh", "over old files"])
def test_a_stop_at_any_step_leaves_old_or_new_files(
    named: bool, after: bool, what: str, existing: bool, tmp_path: Path
) -> None:
    """With or without the nameless files of Linux."""
    error = Stop() if what == "interrupt" else OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    path = tmp_path / "m.safetensors"
    number = stopped = 0
    message = ""
    done = False
    while not done:
        for file in tmp_path.iterdir():
            file.unlink()
        if existing:
            write(OLD, path)
        with pytest.MonkeyPatch.context() as monkeypatch:
            if named:
                monkeypatch.delattr(os, "O_TMPFILE", raising=False)
            steps = stop_at(monkeypatch, number, error, after=after)
            try:
                write(NEW, path)
                wrote = True
            except (Stop, RaspError) as caught:
                wrote = False
                stopped += 1
                message = str(caught)
        done = len(list(steps)) <= number
        assert wrote or what == "interrupt" or "no space left on device [M040]" in message
        if wrote:
            assert same(read(path), NEW)
        elif existing and not (what == "interrupt" and same(read(path), NEW)):
            assert same(read(path), OLD)
        files = {file.name for file in tmp_path.iterdir()}
        assert files == ({"m.safetensors", "m.manifest.json"} if existing or files else set())
        number += 1
    assert number > 8
    assert stopped > 6


KILLED = """
    import os, signal
    from pathlib import Path
    from raspc.compiler.artifact.model_files import write
    from raspc.tests.support.handmade import random_model, reverse

    path, model = Path({path!r}), reverse()
    number = 0
    while True:
        for file in path.parent.iterdir():
            file.unlink()
        write(random_model(0), path)
        child = os.fork()
        if child == 0:
            count = 0
            def counted(call):
                def step(*arguments, **options):
                    global count
                    count += 1
                    if count > number:
                        os.kill(os.getpid(), signal.SIGKILL)
                    return call(*arguments, **options)
                return step
            for name in ("open", "write", "fsync", "link", "replace", "unlink"):
                setattr(os, name, counted(getattr(os, name)))
            write(model, path)
            os._exit(0)
        killed = os.waitpid(child, 0)[1] != 0
        saved = path.parent.with_name(f"after-{{number}}")
        saved.mkdir()
        for file in path.parent.iterdir():
            file.rename(saved / file.name)
        if not killed:
            break
        number += 1
"""


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="without nameless files a killed process leaves a hidden one")
def test_a_killed_process_leaves_whole_files(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    script = textwrap.dedent(KILLED).format(path=str(folder / "m.safetensors"))
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)
    after = sorted(tmp_path.glob("after-*"), key=lambda path: int(path.name.removeprefix("after-")))
    assert len(after) > 10
    whole = {size for model in (OLD, NEW) for size in _sizes(model, tmp_path / "reference")}
    outcomes = []
    for state in after:
        # Hidden files can remain from the last few steps on, but never a half of one.
        assert {file.stat().st_size for file in state.iterdir()} <= whole
        try:
            model = read(state / "m.safetensors")
        except RaspError as error:
            assert error.diagnostics[0].code == "M030"  # noqa: PT017
            outcomes.append("mismatch")
        else:
            outcomes.append("old" if same(model, OLD) else "new")
            assert outcomes[-1] == "old" or same(model, NEW)
    assert outcomes == sorted(outcomes, key=["old", "mismatch", "new"].index)
    assert outcomes.count("mismatch") == 1
    assert [file.name[0] for file in after[-1].iterdir()] == ["m", "m"]


def _sizes(model: Any, folder: Path) -> set[int]:
    folder.mkdir(exist_ok=True)
    written = write(model, folder / "m.safetensors")
    return {written.weights.stat().st_size, written.manifest.stat().st_size}


def test_a_file_beyond_the_size_limit_leaves_the_old_one(tmp_path: Path) -> None:
    """The system's own refusal, as a full disk gives it."""
    path = tmp_path / "m.safetensors"
    write(OLD, path)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        with pytest.raises(RaspError) as caught:
            write(NEW, path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert str(caught.value) == (
        f"raspc: error: cannot write `{path}`: file too large [M040]\n"
        "  hint: nothing was changed; choose another place with `-o`, or make room there"
    )
    assert same(read(path), OLD)
    assert len(list(tmp_path.iterdir())) == 2


def test_a_symbolic_link_is_replaced_not_followed(tmp_path: Path) -> None:
    precious = write(OLD, tmp_path / "precious.safetensors")
    path = tmp_path / "m.safetensors"
    path.symlink_to(precious.weights)
    (tmp_path / "m.manifest.json").symlink_to(precious.manifest)
    write(NEW, path)
    assert same(read(precious.weights), OLD)
    assert not path.is_symlink()
    assert same(read(path), NEW)


@pytest.mark.parametrize(
    ("make", "name", "reason", "hint"),
    [
        (lambda: None, "no/m.safetensors", "there is no such folder", "create the folder first"),
        (lambda: Path("no").touch(), "no/m.safetensors", "there is no such folder", "create the folder first"),
    ],
    ids=["no folder", "folder is a file"],
)
def test_impossible_places_are_refused(
    make: Callable[[], object], name: str, reason: str, hint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    make()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(RaspError) as caught:
        write(identity(), Path(name))
    assert str(caught.value) == f"raspc: error: cannot write `{name}`: {reason} [M040]\n  hint: {hint}"
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_write_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(RaspError, match=r"permission denied \[M040\]"):
        write(identity(), tmp_path / "m.safetensors")
