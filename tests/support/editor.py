"""An editor for tests: a real client (of pytest-lsp, built on pygls) that starts `raspc lsp` and talks to it.

The client lives on an event loop in a thread of its own, so tests are plain functions.  What the server answers is
checked against the protocol's types, and against what the client said it can take.
"""

from __future__ import annotations

import asyncio
import re
import sys
import threading
import warnings
from collections.abc import Coroutine, Sequence
from pathlib import Path
from typing import TypeVar

from lsprotocol import types
from pygls.lsp.client import LanguageClient as Speaker
from pygls.protocol import default_converter
from pytest_lsp import LanguageClient, client_capabilities

#: Time limit of one exchange in seconds, on a machine with other load.
PATIENCE = 60.0

T = TypeVar("T")


class _Client(LanguageClient):
    """pytest-lsp's client; it collects the server's standard error instead of forwarding it."""

    async def start_io(self, cmd: str, *args: str, **others: object) -> None:
        await Speaker.start_io(self, cmd, *args, **others)
        assert self._server is not None
        assert self._server.stderr is not None
        self._errors: asyncio.Task[bytes] = asyncio.create_task(self._server.stderr.read())

    async def left(self) -> tuple[int, str]:
        """Waits for the server to end; returns its exit status and standard error."""
        await self.stop()  # type: ignore[no-untyped-call]
        assert self._server is not None
        assert self._server.returncode is not None
        return self._server.returncode, (await self._errors).decode()


class Editor:
    """A client with its server.  `capabilities`: those of a real editor, by pytest-lsp's name for it, or an object."""

    def __init__(
        self,
        folder: Path,
        capabilities: str | types.ClientCapabilities = "visual-studio-code",
        root: Path | None = None,
    ) -> None:
        self.messages: list[str] = []
        self.pages: list[Page] = []
        #: Versions of a text increase; a text that is opened again continues with new versions.
        self._first_version = 1
        self._published: dict[str, list[types.PublishDiagnosticsParams]] = {}
        self._news = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        if isinstance(capabilities, str):
            capabilities = client_capabilities(capabilities)
        self.client = self.wait(self._connected(folder))
        params = types.InitializeParams(capabilities, root_uri=None if root is None else root.as_uri())
        self.initialized = self.wait(self.client.initialize_session(params))

    async def _connected(self, folder: Path) -> _Client:
        client = _Client(converter_factory=default_converter)

        def published(params: types.PublishDiagnosticsParams) -> None:
            with self._news:
                self._published.setdefault(params.uri, []).append(params)
                self._news.notify_all()

        def shown(params: types.ShowMessageParams | types.LogMessageParams) -> None:
            self.messages.append(params.message)

        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(published)
        client.feature(types.WINDOW_SHOW_MESSAGE)(shown)
        client.feature(types.WINDOW_LOG_MESSAGE)(shown)
        await client.start_io(sys.executable, "-m", "raspc", "lsp", cwd=folder)
        return client

    def wait(self, work: Coroutine[object, object, T]) -> T:
        """The result of a coroutine of the client.  A warning of pytest-lsp is an error."""
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def open(self, text: str, path: Path | str) -> Page:
        """Opens a text with the path of a file (which need not exist) or another URI."""
        page = Page(self, path.as_uri() if isinstance(path, Path) else path, text, self._first_version)
        self._first_version += 1000
        self.pages.append(page)
        item = types.TextDocumentItem(page.uri, "rasp", page.version, text)
        self.tell(types.TEXT_DOCUMENT_DID_OPEN, types.DidOpenTextDocumentParams(item))
        return page

    def tell(self, method: str, params: object) -> None:
        """Sends a notification."""

        async def send() -> None:
            self.client.protocol.notify(method, params)

        self.wait(send())

    def ask(self, method: str, params: object) -> object:
        """Sends a request; raises pygls' JsonRpcException where the server refuses."""

        async def send() -> object:
            answer: object = await self.client.protocol.send_request_async(method, params)  # type: ignore[no-untyped-call]
            return answer

        return self.wait(send())

    def watched(self, *paths: Path) -> None:
        """Notifies the server that files on the disk have changed."""
        events = [types.FileEvent(path.as_uri(), types.FileChangeType.Changed) for path in paths]
        self.tell(types.WORKSPACE_DID_CHANGE_WATCHED_FILES, types.DidChangeWatchedFilesParams(events))

    def published(self, uri: str) -> list[types.PublishDiagnosticsParams]:
        """The diagnostics messages of the server for a text so far."""
        with self._news:
            return list(self._published.get(uri, ()))

    def news(self, uri: str, seen: int) -> list[types.Diagnostic]:
        """Waits for more than `seen` messages for a text; returns the last."""
        with self._news:
            assert self._news.wait_for(lambda: len(self._published.get(uri, ())) > seen, PATIENCE), "no diagnostics"
            return list(self._published[uri][-1].diagnostics)

    def about(self, uri: str, version: int) -> list[types.Diagnostic]:
        """Waits for the diagnostics of a version of a text, and returns them."""

        def there() -> bool:
            found = self._published.get(uri, ())
            return len(found) > 0 and found[-1].version == version

        with self._news:
            assert self._news.wait_for(there, PATIENCE), f"no diagnostics of version {version}"
            return list(self._published[uri][-1].diagnostics)

    def close_all(self) -> None:
        for page in list(self.pages):
            page.close()

    def leave(self) -> tuple[int, str]:
        """Ends the session by the protocol; returns the server's exit status and standard error."""
        self.wait(self.client.shutdown_session())
        left = self.wait(self.client.left())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        return left


class Page:
    """An open text."""

    def __init__(self, editor: Editor, uri: str, text: str, version: int) -> None:
        self.editor = editor
        self.uri = uri
        self.text = text
        self.version = version

    # --- changes

    def change(self, text: str) -> None:
        self.version += 1
        self.text = text
        document = types.VersionedTextDocumentIdentifier(self.version, self.uri)
        changes = [types.TextDocumentContentChangeWholeDocument(text)]
        self.editor.tell(types.TEXT_DOCUMENT_DID_CHANGE, types.DidChangeTextDocumentParams(document, changes))

    def type(self, old: str, new: str) -> None:
        """Replaces a text that occurs once."""
        assert self.text.count(old) == 1
        self.change(self.text.replace(old, new))

    def save(self) -> None:
        self.editor.tell(types.TEXT_DOCUMENT_DID_SAVE, types.DidSaveTextDocumentParams(self.document))

    def close(self) -> None:
        self.editor.pages.remove(self)
        self.editor.tell(types.TEXT_DOCUMENT_DID_CLOSE, types.DidCloseTextDocumentParams(self.document))

    @property
    def document(self) -> types.TextDocumentIdentifier:
        return types.TextDocumentIdentifier(self.uri)

    # --- requests

    def problems(self) -> list[types.Diagnostic]:
        """The diagnostics of the current text.  The request for the outline makes the server start at once."""
        self.outline()
        return self.editor.about(self.uri, self.version)

    def codes(self) -> list[object]:
        return [problem.code for problem in self.problems()]

    def outline(self) -> list[types.DocumentSymbol]:
        found = self._ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(self.document))
        assert isinstance(found, list | tuple)
        return list(found)

    def hover(self, where: str) -> types.Hover | None:
        found = self._ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(self.document, self.at(where)))
        assert found is None or isinstance(found, types.Hover)
        return found

    def shown(self, where: str) -> str:
        """The text that hovering shows, or an empty one."""
        found = self.hover(where)
        if found is None:
            return ""
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    def definition(self, where: str) -> list[types.Location]:
        found = self._ask(types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(self.document, self.at(where)))
        assert isinstance(found, list | tuple)
        return list(found)

    def references(self, where: str, declarations: bool = True) -> list[types.Location]:
        params = types.ReferenceParams(types.ReferenceContext(declarations), self.document, self.at(where))
        found = self._ask(types.TEXT_DOCUMENT_REFERENCES, params)
        assert isinstance(found, list | tuple)
        return list(found)

    def highlights(self, where: str) -> list[types.DocumentHighlight]:
        params = types.DocumentHighlightParams(self.document, self.at(where))
        found = self._ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, params)
        assert isinstance(found, list | tuple)
        return list(found)

    def completion(self, where: str) -> dict[str, types.CompletionItem]:
        found = self._ask(types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(self.document, self.at(where)))
        assert isinstance(found, types.CompletionList)
        items = {item.label: item for item in found.items}
        assert len(items) == len(found.items)
        return items

    def formatting(self) -> list[types.TextEdit] | None:
        options = types.FormattingOptions(tab_size=4, insert_spaces=True)
        found = self._ask(types.TEXT_DOCUMENT_FORMATTING, types.DocumentFormattingParams(self.document, options))
        assert found is None or isinstance(found, list | tuple)
        return None if found is None else list(found)

    def renamable(self, where: str) -> types.Range | None:
        params = types.PrepareRenameParams(self.document, self.at(where))
        found = self._ask(types.TEXT_DOCUMENT_PREPARE_RENAME, params)
        assert found is None or isinstance(found, types.Range)
        return found

    def rename(self, where: str, name: str) -> dict[str, Sequence[types.TextEdit]]:
        """The edits by URI."""
        params = types.RenameParams(self.document, self.at(where), name)
        found = self._ask(types.TEXT_DOCUMENT_RENAME, params)
        assert isinstance(found, types.WorkspaceEdit)
        assert found.changes is not None
        return dict(found.changes)

    def _ask(self, method: str, params: object) -> object:
        return self.editor.ask(method, params)

    # --- places

    def at(self, where: str) -> types.Position:
        """The position of the `|` in a piece of the text that occurs once."""
        piece = where.replace("|", "")
        assert self.text.count(piece) == 1, (where, self.text.count(piece))
        return position(self.text, self.text.index(piece) + where.index("|"))

    def of(self, span: types.Range) -> str:
        """The text in a range."""
        return between(self.text, span)


def position(text: str, offset: int, encoding: str = "utf-16-le") -> types.Position:
    """Line and column of an offset; as in the protocol, columns count code units of the encoding."""
    before = re.split(r"\r\n|\n|\r", text[:offset])
    unit = {"utf-8": 1, "utf-16-le": 2, "utf-32-le": 4}[encoding]
    return types.Position(len(before) - 1, len(before[-1].encode(encoding)) // unit)


def between(text: str, span: types.Range) -> str:
    """The text in a range of UTF-16 columns.  A position outside the text is an error."""
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)

    def offset(place: types.Position) -> int:
        """The range in bytes."""
        assert place.character * 2 <= len(_encoded(lines[place.line].rstrip("\r\n"))), place
        return len(_encoded("".join(lines[: place.line]))) + place.character * 2

    return _encoded(text)[offset(span.start) : offset(span.end)].decode("utf-16-le", "surrogatepass")


def _encoded(text: str) -> bytes:
    return text.encode("utf-16-le", "surrogatepass")


def edited(text: str, edits: Sequence[types.TextEdit]) -> str:
    """The text after edits that do not overlap."""
    for edit in sorted(edits, key=lambda edit: (edit.range.start.line, edit.range.start.character), reverse=True):
        before = types.Range(types.Position(0, 0), edit.range.start)
        head = between(text, before)
        assert between(text, types.Range(types.Position(0, 0), edit.range.end)).startswith(head)
        text = head + edit.new_text + text[len(head) + len(between(text, edit.range)) :]
    return text
