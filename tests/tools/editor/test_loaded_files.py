"""Programs of several files: the texts open in the editor replace those on the disk."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types
from raspc.tests.support.editor import Editor, between
from raspc.tests.tools.editor.conftest import Open

HEAD = 'set vocab "abc";\nset max_length 4;\n'


def test_a_file_that_is_not_there(program: Open) -> None:
    page = program(HEAD + 'load "nothing";\n')
    (problem,) = page.problems()
    assert (problem.code, page.of(problem.range)) == ("file-missing", '"nothing"')


def test_mistakes_of_a_loaded_file_stand_at_the_load(program: Open, tmp_path: Path) -> None:
    library = "ok = tokens;\n  x = wrong;\ny = worse;\n"
    (tmp_path / "library.rasp").write_text(library)
    page = program(HEAD + 'load "library";\n')
    (problem,) = page.problems()
    assert page.of(problem.range) == '"library"'
    assert problem.message.startswith("library.rasp:2: `wrong` is not defined (and 1 more)\n")
    assert problem.related_information is not None
    places = [told.location for told in problem.related_information]
    assert {place.uri for place in places} == {(tmp_path / "library.rasp").as_uri()}
    assert [between(library, place.range) for place in places] == ["wrong", "worse"]


def test_unsaved_changes_of_a_loaded_file_count(program: Open, editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "library.rasp").write_text("double = indices * 2;\n")
    main = program(HEAD + 'load "library";\ndouble + half;\n', "main.rasp")
    assert main.codes() == ["unknown-name"]
    library = program("double = indices * 2;\n", "library.rasp")
    library.problems()
    seen = len(editor.published(main.uri))
    library.change("double = indices * 2;\nhalf = indices / 2;\n")
    assert editor.news(main.uri, seen) == []
    assert "indices / 2" in main.shown("ha|lf")
    seen = len(editor.published(main.uri))
    library.close()  # the file on the disk counts again
    assert [problem.code for problem in editor.news(main.uri, seen)] == ["unknown-name"]


def test_files_that_are_loaded_by_loaded_files(program: Open, editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "middle.rasp").write_text('load "deep";\nm = d + 1;\n')
    (tmp_path / "folder" / "deep.rasp").write_text("d = indices;\n")
    main = program(HEAD + 'load "folder/middle";\nm + 2;\n', "main.rasp")
    assert main.codes() == []
    deep = program("d = wrong;\n", "folder/deep.rasp")
    seen = len(editor.published(main.uri))
    deep.change("d = worse;\n")
    told = editor.news(main.uri, seen)
    assert [problem.code for problem in told] == ["unknown-name"]
    assert main.of(told[0].range) == '"folder/middle"'
    (place,) = main.definition("\n|m + 2")
    assert place.uri == (tmp_path / "folder" / "middle.rasp").as_uri()


def test_a_file_that_appears(program: Open, editor: Editor, tmp_path: Path) -> None:
    main = program(HEAD + 'load "later";\nx;\n', "main.rasp")
    assert "file-missing" in main.codes()
    path = tmp_path / "later.rasp"
    path.write_text("x = tokens;")
    seen = len(editor.published(main.uri))
    editor.watched(path)
    assert editor.news(main.uri, seen) == []


def test_saving_another_text_reads_the_disk_again(program: Open, editor: Editor, tmp_path: Path) -> None:
    path = tmp_path / "library.rasp"
    path.write_text("x = tokens;")
    main = program(HEAD + 'load "library";\nx;\n', "main.rasp")
    assert main.codes() == []
    path.write_text("y = tokens;")
    seen = len(editor.published(main.uri))
    main.save()
    assert [problem.code for problem in editor.news(main.uri, seen)] == ["unknown-name"]


def test_files_that_load_each_other(program: Open, tmp_path: Path) -> None:
    (tmp_path / "other.rasp").write_text('load "main";\n')
    main = program(HEAD + 'load "other";\n', "main.rasp")
    assert main.codes() == ["load-cycle"]


def test_a_text_that_was_never_saved_can_be_loaded(program: Open, editor: Editor) -> None:
    program("x = tokens;", "new.rasp")
    main = program(HEAD + 'load "new";\nx;\n', "main.rasp")
    assert main.codes() == []


def test_a_folder_with_an_odd_name(editor: Editor, tmp_path: Path) -> None:
    folder = tmp_path / "größe & co #1 100%"
    folder.mkdir()
    (folder / "lib 🎈.rasp").write_text("x = tokens;")
    main = editor.open(HEAD + 'load "lib 🎈";\nx;\n', folder / "main.rasp")
    assert main.codes() == []
    (place,) = main.definition("\n|x;")
    assert place.uri == (folder / "lib 🎈.rasp").as_uri()
    assert place.range == types.Range(types.Position(0, 0), types.Position(0, 1))


def test_a_link_to_a_file_is_the_file(program: Open, editor: Editor, tmp_path: Path) -> None:
    (tmp_path / "real.rasp").write_text("x = tokens;")
    (tmp_path / "link.rasp").symlink_to(tmp_path / "real.rasp")
    main = program(HEAD + 'load "link";\nx;\n', "main.rasp")
    assert main.codes() == []
    program("y = tokens;", "real.rasp")
    main.change(main.text + "\n")
    assert main.codes() == ["unknown-name"]


def test_files_that_are_no_text(program: Open, tmp_path: Path) -> None:
    (tmp_path / "bytes.rasp").write_bytes(b"x = '\xff\xfe';")
    (tmp_path / "folder.rasp").mkdir()
    main = program(HEAD + 'load "bytes";\nload "folder";\nload "";\nx = tokens;\n', "main.rasp")
    assert [problem.range.start.line for problem in main.problems()] == [2, 3, 4]
    assert main.definition('"by|tes"')[0].uri == (tmp_path / "bytes.rasp").as_uri()
    assert main.shown("|x = tokens") != ""
