"""`raspc build`: its models, kept models, messages, and recovery from failures."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from xml.etree import ElementTree

import pytest
import raspc
from raspc.cli.main import main
from raspc.tools.suites import executors
from raspc.tools.suites import run as running
from raspc.tools.suites.build_state import STATE
from raspc.tools.suites.junit import render
from raspc.tools.suites.records import BuildEntry, Job, JobResult, Message, SuiteProgram

ROOT = Path(raspc.__file__).parent

REVERSE = 'set vocab "abc"; set max_length 4; tokens[length - indices - 1];\n'
COUNT = 'load "lib/counts"; set vocab "ab"; set max_length 3; equal_ones(tokens);\n'
LIBRARY = "def equal_ones(x) { return selector_width(select(x, x, ==)); }\n"
WRONG = 'set vocab "ab"; set max_length 3; tokns;\n'


@pytest.fixture
def suite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    programs = tmp_path / "programs"
    (programs / "lib").mkdir(parents=True)
    (programs / "reverse.rasp").write_text(REVERSE)
    (programs / "count.rasp").write_text(COUNT)
    (programs / "lib" / "counts.rasp").write_text(LIBRARY)
    return programs


def _build(*arguments: str) -> tuple[int, dict[str, dict[str, object]]]:
    status = main(["build", "programs", "-o", "out", "--jobs", "1", *arguments])
    index = json.loads(Path("out/index.json").read_text())
    return status, {entry["program"]: entry for entry in index["programs"]}


def _cached(entries: dict[str, dict[str, object]]) -> set[str]:
    return {name for name, entry in entries.items() if entry["cached"]}


def test_models_stand_where_the_programs_do_and_are_what_compile_writes(suite: Path) -> None:
    status, entries = _build()
    assert status == 0
    assert {name: entry["status"] for name, entry in entries.items()} == {
        "count.rasp": "ok",
        "lib/counts.rasp": "skipped",
        "reverse.rasp": "ok",
    }
    assert main(["compile", "programs/count.rasp", "-o", "count.safetensors"]) == 0
    for file in ("count.safetensors", "count.manifest.json"):
        assert Path("out", file).read_bytes() == Path(file).read_bytes()
    assert raspc.load("out/reverse.safetensors").run("abc") == ["c", "b", "a"]


def test_a_second_build_keeps_everything_and_touches_nothing(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _build()
    before = {path: path.stat().st_mtime_ns for path in Path("out").glob("*.safetensors")}
    capsys.readouterr()
    status, entries = _build()
    assert status == 0
    assert _cached(entries) == set(entries)
    assert {path: path.stat().st_mtime_ns for path in Path("out").glob("*.safetensors")} == before
    assert "3 programs: 2 ok, 1 skipped (3 cached)" in capsys.readouterr().out


def test_a_changed_library_rebuilds_the_programs_that_load_it(suite: Path) -> None:
    _build()
    (suite / "lib" / "counts.rasp").write_text(LIBRARY.replace("==", "!="))
    status, entries = _build()
    assert status == 0
    assert _cached(entries) == {"reverse.rasp"}
    assert raspc.load("out/count.safetensors").run("aab") == [1, 1, 2]


def test_a_file_that_takes_the_place_of_the_loaded_one_is_noticed(suite: Path) -> None:
    _build()
    (suite / "lib" / "counts").write_text("equal_ones = length; def equal_ones(x) { return length; }\n")
    _, entries = _build()
    assert "count.rasp" not in _cached(entries)
    assert raspc.load("out/count.safetensors").run("ab") == [2, 2]


@pytest.mark.parametrize(
    "options",
    [["-Os"], ["--causal"], ["--uniform"], ["--max-length", "2"], ["--vocab", '"ab"'], ["--verify"], ["--rebuild"]],
)
def test_other_options_build_anew(suite: Path, options: list[str]) -> None:
    _build()
    status, entries = _build(*options)
    assert status == 0
    assert _cached(entries) == set()
    _, entries = _build(*options)
    assert _cached(entries) == (set() if options == ["--rebuild"] else set(entries))


def test_another_compiler_builds_anew(suite: Path, tmp_path: Path) -> None:
    """A checkout whose compiler changes, if only by a comment, and then one whose tests do."""
    checkout = tmp_path / "checkout" / "raspc"
    code = shutil.ignore_patterns("__pycache__", "explanations", "*.md")
    for part in ("rasp_grammar", "compiler", "cli", "tools", "runner"):
        shutil.copytree(ROOT / part, checkout / part, ignore=code)
    for path in ROOT.glob("*.py"):
        shutil.copy(path, checkout)

    def cached() -> int:
        command = [sys.executable, "-m", "raspc", "build", "programs", "-o", "out", "--jobs", "1", "--json"]
        environment = os.environ | {"PYTHONPATH": str(checkout.parent)}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])["counts"]["cached"]
        assert isinstance(found, int)
        return found

    assert cached() == 0
    with (checkout / "runner" / "model.py").open("a") as file:
        file.write("# only what verifies has changed\n")
    assert cached() == 3
    with (checkout / "compiler" / "ops.py").open("a") as file:
        file.write("# another compiler\n")
    assert cached() == 0
    assert cached() == 3


@pytest.mark.parametrize("damage", ["missing", "cut", "changed"])
def test_outputs_that_are_not_as_they_were_are_built_again(suite: Path, damage: str) -> None:
    _build()
    weights = Path("out/reverse.safetensors")
    good = weights.read_bytes()
    match damage:
        case "missing":
            weights.unlink()
        case "cut":
            weights.write_bytes(good[:-4])
        case _:
            weights.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
    _, entries = _build()
    assert _cached(entries) == {"count.rasp", "lib/counts.rasp"}
    assert weights.read_bytes() == good


def test_a_copy_with_other_times_is_still_good(suite: Path) -> None:
    _build()
    for path in Path("out").glob("*"):
        os.utime(path, (1, 1))
    _, entries = _build()
    assert _cached(entries) == set(entries)


@pytest.mark.parametrize("damage", ["", "{}", "\0", "cut", "changed"])
def test_a_damaged_memory_is_forgotten(suite: Path, damage: str) -> None:
    _build()
    state = Path("out", STATE)
    match damage:
        case "cut":
            state.write_bytes(state.read_bytes()[:-3])
        case "changed":
            state.write_bytes(state.read_bytes().replace(b'"skipped"', b'"shipped"'))
        case text:
            state.write_text(text)
    status, entries = _build()
    assert status == 0
    assert _cached(entries) == set()


def test_a_failure_does_not_stop_other_programs_and_is_tried_again(
    suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite / "wrong.rasp").write_text(WRONG)
    (suite / "unread.rasp").write_bytes(b"\xff\xfe")
    (suite / "lost.rasp").write_text('load "nowhere"; tokens;\n')
    status, entries = _build()
    captured = capsys.readouterr()
    assert status == 1
    assert {name for name, entry in entries.items() if entry["status"] == "failed"} == {
        "wrong.rasp",
        "unread.rasp",
        "lost.rasp",
    }
    assert "programs/wrong.rasp:1:35: error: `tokns` is not defined" in captured.err
    assert "programs/lost.rasp:1:6: error: there is no file" in captured.err
    assert "is not UTF-8 text" in captured.err
    assert "6 programs: 2 ok, 3 failed, 1 skipped (0 cached)" in captured.out
    assert not Path("out/wrong.safetensors").exists()
    (suite / "wrong.rasp").write_text(WRONG.replace("tokns", "tokens"))
    (suite / "lost.rasp").write_text(REVERSE)
    (suite / "unread.rasp").unlink()
    status, entries = _build()
    assert status == 0
    assert _cached(entries) == {"count.rasp", "lib/counts.rasp", "reverse.rasp"}


def test_models_are_verified_once(suite: Path) -> None:
    status, entries = _build("--verify")
    assert status == 0
    assert entries["reverse.rasp"]["verified_inputs"] == 3 + 9 + 27 + 81
    _, entries = _build("--verify")
    assert _cached(entries) == set(entries)


def test_junit_says_what_failed_and_why(suite: Path) -> None:
    (suite / "lib" / "wrong.rasp").write_text('set vocab "a"; set max_length 2; "\x07<&" + tokns;\n')
    assert _build("--junit", "report.xml")[0] == 1
    (found,) = ElementTree.parse("report.xml").getroot()
    assert (found.get("tests"), found.get("failures"), found.get("skipped")) == ("4", "1", "1")
    cases = {(case.get("classname"), case.get("name")): case for case in found}
    (failure,) = cases["lib", "wrong"]
    assert failure.tag == "failure"
    assert failure.get("message") == "`tokns` is not defined"
    assert '<&" + tokns' in (failure.text or "")
    assert [child.tag for child in cases["lib", "counts"]] == ["skipped"]
    assert list(cases["programs", "reverse"]) == []


def test_junit_holds_any_text() -> None:
    message = Message(
        "a bell \x07, a null \0, a lone \ud800 and <&>", {"severity": "error", "code": "x", "message": "\x01"}
    )
    entry = BuildEntry(SuiteProgram(Path("a\x02.rasp"), "a\x02"), "failed", 0.5, (message,))
    (suite,) = ElementTree.fromstring(render([entry]))
    ((failure,),) = suite
    assert failure.text == "a bell \ufffd, a null \ufffd, a lone \ufffd and <&>"


def test_json_is_one_object_a_program(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _build("--json")[0] == 0
    *entries, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert last == {"counts": {"ok": 2, "failed": 0, "skipped": 1, "cached": 0}, "leftover": []}
    assert entries == json.loads(Path("out/index.json").read_text())["programs"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_worker_that_is_killed_fails_its_program_only(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (suite / "deadly.rasp").write_text(REVERSE)
    monkeypatch.setattr(executors, "local_processes", _forked)
    monkeypatch.setattr(running, "build", _deadly)
    status, entries = _build("--jobs", "2")
    assert status == 1
    assert {name: entry["status"] for name, entry in entries.items()} == {
        "count.rasp": "ok",
        "deadly.rasp": "failed",
        "lib/counts.rasp": "skipped",
        "reverse.rasp": "ok",
    }
    assert "build-worker" in str(entries["deadly.rasp"]["diagnostics"])


@contextmanager
def _forked(jobs: int) -> Iterator[ProcessPoolExecutor]:
    """A fresh process could not import this module."""
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("fork")) as pool:
        yield pool


def _deadly(job: Job) -> JobResult:
    from raspc.tools.suites.worker import build

    if job.target.name == "deadly":
        os.kill(os.getpid(), signal.SIGKILL)
    return build(job)


def test_an_interrupted_build_goes_on_where_it_was(suite: Path) -> None:
    for number in range(40):
        (suite / f"p{number:02}.rasp").write_text(REVERSE.replace("4", str(20 + number)))
    command = [sys.executable, "-m", "raspc", "build", "programs", "-o", "out", "--jobs", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines = [process.stderr.readline() for _ in range(5)]
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert all(": ok" in line or ": skipped" in line for line in lines)
    assert not list(Path("out").rglob("*.tmp"))
    for path in Path("out").glob("*.safetensors"):
        raspc.load(path)
    status, entries = _build()
    assert status == 0
    assert len(_cached(entries)) >= 5


def test_failures_have_their_code_in_the_table_and_come_before_warnings(
    suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite / "doubtful.rasp").write_text("set vocab range(3); set max_length 3; 1 / tokens;\n")
    (suite / "wrong.rasp").write_text(WRONG)
    assert _build()[0] == 1
    captured = capsys.readouterr()
    assert captured.err.index("[unknown-name]") < captured.err.index("[sometimes-undefined]")
    assert "failed   unknown-name: `tokns` is not defined" in captured.out


def test_werror_makes_failures_of_warnings(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (suite / "doubtful.rasp").write_text("set vocab range(3); set max_length 3; 1 / tokens;\n")
    assert _build()[0] == 0
    status, entries = _build("--werror")
    assert status == 1
    assert [name for name, entry in entries.items() if entry["status"] == "failed"] == ["doubtful.rasp"]
    assert "error: the output at position 0 is undefined" in capsys.readouterr().err
    assert _build()[1]["doubtful.rasp"]["status"] == "ok"


def test_a_time_limit_shortens_the_verification(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _build("--verify", "--time-limit", "600")[1]["reverse.rasp"]["verified_inputs"] == 120
    status, entries = _build("--rebuild", "--time-limit", "0.000001")
    assert (status, entries["reverse.rasp"]["status"]) == (1, "failed")


def test_plain_lines_and_a_table_of_80_columns(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _build()
    captured = capsys.readouterr()
    assert all(line.startswith(f"[{number}/3] ") for number, line in enumerate(captured.err.splitlines(), 1))
    assert all(len(line) <= 80 for line in captured.out.splitlines())
    assert captured.out.splitlines()[0].split() == ["program", "status", "layers", "parameters", "seconds", "cached"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nowhere", "-o", "out"], "there is no file or folder `nowhere`"),
        (["programs", "-o", "programs/reverse.rasp"], "cannot make the folder"),
        (["programs", "-o", "out", "--executor", "spark://x"], "`spark://x` names no executor"),
        (["programs", "-o", "out", "--vocab", "tokens +"], "--vocab"),
        (["programs", "-o", "out", "--executor", "dask://x:99999"], "`dask://x:99999` names no executor"),
        (["empty", "-o", "out"], "there are no .rasp files there"),
    ],
)
def test_mistakes(suite: Path, arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    (suite.parent / "other").mkdir()
    (suite.parent / "empty").mkdir()
    (suite.parent / "other" / "reverse.rasp").write_text(REVERSE)
    assert main(["build", *arguments]) == 1
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_keeping_needs_neither_numpy_nor_torch(suite: Path) -> None:
    _build()
    script = (
        "import sys; from raspc.cli.main import main; status = main(['build', 'programs', '-o', 'out']);"
        "sys.exit(status or bool({'numpy', 'torch', 'lark', 'rich', 'distributed'} & set(sys.modules)))"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert time.perf_counter() - started < 30


def _names(folder: str) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in Path(folder).rglob("*") if path.is_file()}


def test_models_of_programs_that_are_gone_are_named_until_prune_removes_them(
    suite: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (suite / "deep").mkdir()
    for name in ("deep/one.rasp", "two.rasp"):
        (suite / name).write_text(REVERSE)
    _build()
    assert "gone" not in capsys.readouterr().out
    (suite / "two.rasp").unlink()
    shutil.rmtree(suite / "deep")
    Path("out/deep/notes.txt").write_text("mine")
    for _ in range(2):  # the second build still knows
        _build()
        assert "2 models of programs that are gone: deep/one, two (--prune removes them)" in capsys.readouterr().out
        assert len(json.loads(Path("out/index.json").read_text())["leftover"]) == 4
    Path("out/two.manifest.json").write_text("{}")  # changed since: no longer what the build wrote
    assert _build("--prune")[0] == 0
    assert "removed 2 models of programs that are gone: deep/one, two\n" in capsys.readouterr().out
    kept = {"count.safetensors", "count.manifest.json", "reverse.safetensors", "reverse.manifest.json"}
    assert _names("out") == {*kept, "two.manifest.json", "deep/notes.txt", "index.json", STATE}
    _build()
    assert "gone" not in capsys.readouterr().out


def test_the_model_of_a_program_that_became_a_library_is_gone(suite: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _build()
    (suite / "reverse.rasp").write_text(LIBRARY)
    _build()
    assert "1 model of programs that are gone: reverse" in capsys.readouterr().out


def test_the_last_model_of_a_program_that_fails_now_and_those_of_another_suite_stay(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _build()
    (suite / "reverse.rasp").write_text(WRONG)
    other = tmp_path / "other"
    (other / "programs").mkdir(parents=True)
    (other / "programs" / "more.rasp").write_text(REVERSE)
    monkeypatch.chdir(other)
    assert main(["build", "programs", "-o", "../out", "--jobs", "1"]) == 0
    monkeypatch.chdir(tmp_path)
    assert _build("--prune")[0] == 1
    assert {"reverse.safetensors", "more.safetensors", "count.safetensors"} <= _names("out")


def test_a_foreign_file_in_the_place_of_a_model_fails_its_program_only(suite: Path) -> None:
    Path("out").mkdir()
    Path("out/reverse.safetensors").write_text("mine")
    status, entries = _build()
    assert (status, entries["reverse.rasp"]["status"], entries["count.rasp"]["status"]) == (1, "failed", "ok")
    assert "would-overwrite" in str(entries["reverse.rasp"]["diagnostics"])
    assert Path("out/reverse.safetensors").read_text() == "mine"
    assert _build("--force")[0] == 0
    assert raspc.load("out/reverse.safetensors").run("abc") == ["c", "b", "a"]
