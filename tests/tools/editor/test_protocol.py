"""The connection: what the server says it can, other kinds of clients, and how a session ends."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from raspc import __version__
from raspc.tests.support.editor import Editor, position
from raspc.tests.tools.editor.conftest import Open

HEAD = 'set vocab "abc";\nset max_length 4;\n'
COMMAND = [sys.executable, "-m", "raspc", "lsp"]


def test_the_server_states_its_capabilities(editor: Editor) -> None:
    can = editor.initialized.capabilities
    assert editor.initialized.server_info == types.ServerInfo("raspc", __version__)
    assert can.position_encoding == types.PositionEncodingKind.Utf16
    synchronised = can.text_document_sync
    assert isinstance(synchronised, types.TextDocumentSyncOptions)
    assert (synchronised.open_close, synchronised.change) == (True, types.TextDocumentSyncKind.Full)
    assert can.hover_provider
    assert can.definition_provider
    assert can.references_provider
    assert can.document_highlight_provider
    assert can.document_symbol_provider
    assert can.document_formatting_provider
    assert can.completion_provider is not None
    assert isinstance(can.rename_provider, types.RenameOptions)
    assert can.rename_provider.prepare_provider
    assert can.diagnostic_provider is None  # it sends them unasked


def test_texts_that_are_not_open(editor: Editor, tmp_path: Path) -> None:
    document = types.TextDocumentIdentifier((tmp_path / "nowhere.rasp").as_uri())
    place = types.Position(0, 0)
    methods = [
        (types.TEXT_DOCUMENT_HOVER, types.HoverParams(document, place)),
        (types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(document, place)),
        (types.TEXT_DOCUMENT_REFERENCES, types.ReferenceParams(types.ReferenceContext(True), document, place)),
        (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, types.DocumentHighlightParams(document, place)),
        (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(document)),
        (types.TEXT_DOCUMENT_PREPARE_RENAME, types.PrepareRenameParams(document, place)),
        (types.TEXT_DOCUMENT_RENAME, types.RenameParams(document, place, "x")),
        (types.TEXT_DOCUMENT_FORMATTING, types.DocumentFormattingParams(document, types.FormattingOptions(4, True))),
    ]
    for method, params in methods:
        assert not editor.ask(method, params), method
    completed = editor.ask(types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(document, place))
    assert isinstance(completed, types.CompletionList)
    assert len(completed.items) == 0


def test_changes_and_ends_of_texts_that_are_not_open(editor: Editor, program: Open, tmp_path: Path) -> None:
    uri = (tmp_path / "nowhere.rasp").as_uri()
    document = types.VersionedTextDocumentIdentifier(7, uri)
    whole = [types.TextDocumentContentChangeWholeDocument("wrong;")]
    editor.tell(types.TEXT_DOCUMENT_DID_CHANGE, types.DidChangeTextDocumentParams(document, whole))
    editor.tell(types.TEXT_DOCUMENT_DID_SAVE, types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(uri)))
    editor.tell(types.TEXT_DOCUMENT_DID_CLOSE, types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(uri)))
    assert program("wrong;").codes() == ["unknown-name"]
    assert editor.published(uri) == []
    (message,) = editor.messages  # an editor that does this is told so
    assert "nowhere.rasp" in message
    editor.messages.clear()


def test_positions_outside_the_text_have_no_results(program: Open, editor: Editor) -> None:
    page = program(HEAD + "x = tokens;")
    for place in (types.Position(99, 0), types.Position(0, 9999), types.Position(2, 9999)):
        hovered = editor.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(page.document, place))
        assert hovered is None
        found = editor.ask(types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(page.document, place))
        assert not found


def test_settings_are_passed_over(editor: Editor, program: Open) -> None:
    settings = types.DidChangeConfigurationParams({"raspc": {"command": "x"}})
    editor.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, settings)
    assert program("wrong;").codes() == ["unknown-name"]


def test_printing_statements_do_not_write_to_the_protocol(program: Open) -> None:
    """`draw` and friends would print: standard output is the protocol's."""
    page = program(HEAD + 'draw(tokens, "abc");\nset example "abc";\nshow example;\nexamples off;\ntokens;\n')
    page.problems()
    assert page.completion("\n|tokens;") != {}


# --- other clients


def test_a_client_that_can_do_little(tmp_path: Path) -> None:
    """It has said nothing about itself, but that its columns count bytes."""
    encodings = types.GeneralClientCapabilities(position_encodings=[types.PositionEncodingKind.Utf8])
    editor = Editor(tmp_path, types.ClientCapabilities(general=encodings))
    assert editor.initialized.capabilities.position_encoding == types.PositionEncodingKind.Utf8
    text = 'def f(x) {\n    return "🎈é𝔸" + wrong + x;\n}\nf(1);\n'
    page = editor.open(text, tmp_path / "a.rasp")
    (problem,) = page.problems()
    start = text.index("wrong")
    assert problem.range == types.Range(position(text, start, "utf-8"), position(text, start + 5, "utf-8"))
    assert (problem.code_description, problem.related_information) == (None, None)
    place = position(text, text.index("x;"), "utf-8")
    found = editor.ask(types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(page.document, place))
    assert isinstance(found, list | tuple)
    assert [where.range.start for where in found] == [types.Position(0, 6)]
    shown = page.hover("def |f")
    assert shown is not None
    assert shown.contents == types.MarkupContent(types.MarkupKind.PlainText, "def f(x)")
    outline = editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(page.document))
    assert isinstance(outline, list | tuple)
    (symbol,) = outline
    assert isinstance(symbol, types.SymbolInformation)
    assert (symbol.name, symbol.location.uri) == ("f", page.uri)
    assert "select" in page.completion("\n|f(1)")
    assert editor.leave() == (0, "")
    assert editor.messages == []


def test_a_whole_session_of_another_editor(tmp_path: Path) -> None:
    """Anything that the client has not said it can take is an error of pytest-lsp's."""
    (tmp_path / "library.rasp").write_text("x = tokens;\n")
    editor = Editor(tmp_path, "neovim@v0.11", root=tmp_path)
    agreed = editor.initialized.capabilities.position_encoding
    codec = {types.PositionEncodingKind.Utf32: "utf-32-le", types.PositionEncodingKind.Utf8: "utf-8"}.get(
        types.PositionEncodingKind(agreed or "utf-16")
    )
    page = editor.open(HEAD + "load 'library';\ny=x;\n'🎈'+wrong;\n", tmp_path / "a.rasp")
    (problem,) = page.problems()
    assert problem.range.start == position(page.text, page.text.index("wrong"), codec or "utf-16-le")
    assert "s-op" in page.shown("|y=")
    assert len(page.definition("y=|x")) == 1
    assert len(page.references("y=|x")) == 2
    assert "select" in page.completion("\n|'🎈")
    assert len(page.outline()) == 2
    assert page.formatting() is not None
    assert set(page.rename("|y=", "z")) == {page.uri}
    assert editor.leave() == (0, "")
    assert editor.messages == []


# --- beginning and end


def _message(content: object) -> bytes:
    body = json.dumps(content).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def _call(method: str, params: object = None, number: int | None = None) -> bytes:
    content = {"jsonrpc": "2.0", "method": method, **({} if params is None else {"params": params})}
    return _message(content if number is None else {**content, "id": number})


INITIALIZE = _call("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1) + _call("initialized", {})
OPEN = _call(
    "textDocument/didOpen",
    {"textDocument": {"uri": "file:///tmp/a.rasp", "languageId": "rasp", "version": 1, "text": "x = 1;"}},
)
SHUTDOWN = _call("shutdown", None, 2)
EXIT = _call("exit")


def _say(*messages: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(COMMAND, input=b"".join(messages), capture_output=True, timeout=60)


def _answers(output: bytes) -> list[dict[str, object]]:
    """All of the output, which holds nothing but messages."""
    found = []
    while output:
        head, _, rest = output.partition(b"\r\n\r\n")
        (length,) = [int(line.partition(b":")[2]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")]
        found.append(json.loads(rest[:length]))
        output = rest[length:]
    return found


@pytest.mark.parametrize(
    ("messages", "status"),
    [
        ([INITIALIZE, OPEN, SHUTDOWN, EXIT], 0),
        ([INITIALIZE, OPEN, EXIT], 1),
        ([INITIALIZE, OPEN], 1),  # the editor is gone
    ],
)
def test_exit_statuses(messages: list[bytes], status: int) -> None:
    done = _say(*messages)
    assert (done.returncode, done.stderr) == (status, b"")
    assert len([answer for answer in _answers(done.stdout) if "id" in answer]) == sum(
        message in messages for message in (INITIALIZE, SHUTDOWN)
    )


def test_invalid_messages_do_not_end_the_session() -> None:
    """It is refused or passed over, and the session goes on."""
    document = {"textDocument": {"uri": "file:///tmp/a.rasp"}}
    hover = {**document, "position": {"line": 0, "character": 0}}
    done = _say(
        _call("textDocument/hover", hover, 7),  # before the beginning
        INITIALIZE,
        b"Content-Length: 5\r\n\r\n{{{{{",
        OPEN,
        _call("textDocument/foldingRange", document, 5),
        _call("$/somethingNew", {"a": 1}),
        SHUTDOWN,
        _call("textDocument/hover", hover, 8),  # after the end
        EXIT,
    )
    answers = {answer["id"]: answer for answer in _answers(done.stdout) if "id" in answer}
    assert "error" in answers[7] or answers[7]["result"] is None
    refused = answers[5]["error"]
    assert isinstance(refused, dict)
    assert refused["code"] == -32601  # the protocol's number for an unknown method
    assert answers[2]["result"] is None
    assert done.returncode == 0


def test_without_pygls(tmp_path: Path) -> None:
    """The extra is missing: one line that names it."""
    code = "import sys; sys.modules['pygls'] = None; from raspc.cli.main import main; sys.exit(main(['lsp']))"
    done = subprocess.run([sys.executable, "-c", code], input="", capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 1
    assert "`raspc lsp` needs pygls" in done.stderr
    assert "pip install 'raspc[lsp]'" in done.stderr
    assert "Traceback" not in done.stderr
