"""The language server: translates between the protocol and `open_documents`, `hover`, `completion`, `navigation`."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO, Protocol

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path

from ... import __version__
from ...compiler.elaborate.workspace import deep_recursion
from ...rasp_grammar.span import Source, Span
from . import navigation
from .completion import Suggestion, complete
from .document import DocumentAnalysis, Problem
from .formatting import formatting
from .hover import hover
from .name_resolution import Place
from .open_documents import OpenDocument, OpenDocuments
from .positions import Encoding, Lines
from .symbols import Symbol, symbols

#: From a diagnostic's code to the address of its explanation.
Explain = Callable[[str], str | None]

_SUGGESTIONS = {
    "function": types.CompletionItemKind.Function,
    "value": types.CompletionItemKind.Variable,
    "parameter": types.CompletionItemKind.Variable,
    "keyword": types.CompletionItemKind.Keyword,
    "file": types.CompletionItemKind.File,
    "folder": types.CompletionItemKind.Folder,
}
_SYMBOLS = {
    "function": types.SymbolKind.Function,
    "value": types.SymbolKind.Variable,
    "file": types.SymbolKind.File,
}


class _AtPosition(Protocol):
    """The parameters of a request about a position in a text."""

    text_document: types.TextDocumentIdentifier
    position: types.Position


@lru_cache(maxsize=64)
def _lines(text: str, encoding: Encoding) -> Lines:
    return Lines(text, encoding)


class RaspServer(LanguageServer):
    """A pygls server that keeps the open documents and translates positions."""

    def __init__(self, explain: Explain) -> None:
        # Clients send whole texts: so only our own code decides what a line end is.
        super().__init__("raspc", __version__, text_document_sync_kind=types.TextDocumentSyncKind.Full)
        self._explain = explain
        self.documents = OpenDocuments(self._publish, self._tell)
        self.was_shut_down = False

    # --- positions

    @property
    def encoding(self) -> Encoding:
        """The unit of columns that was agreed with the client."""
        match self.workspace.position_encoding:
            case types.PositionEncodingKind.Utf8:
                return "utf-8"
            case types.PositionEncodingKind.Utf32:
                return "utf-32"
            case _:
                return "utf-16"

    def offset(self, source: Source, position: types.Position) -> int:
        return _lines(source.text, self.encoding).offset(position.line, position.character)

    def range(self, span: Span) -> types.Range:
        return self.range_of(span.source.text, span.start, span.end)

    def range_of(self, text: str, start: int, end: int) -> types.Range:
        lines = _lines(text, self.encoding)
        return types.Range(types.Position(*lines.position(start)), types.Position(*lines.position(end)))

    def location(self, span: Span) -> types.Location:
        return types.Location(self.uri(span.source.name), self.range(span))

    def uri(self, name: str) -> str:
        found = self.documents.uri_of(name) or from_fs_path(name)
        assert found is not None
        return found

    # --- messages

    def _tell(self, message: str) -> None:
        self.window_show_message(types.ShowMessageParams(types.MessageType.Error, message))

    def _publish(self, opened: OpenDocument, problems: Sequence[Problem]) -> None:
        found = [self._diagnostic(problem) for problem in problems]
        self.text_document_publish_diagnostics(types.PublishDiagnosticsParams(opened.uri, found, opened.version))

    def _diagnostic(self, problem: Problem) -> types.Diagnostic:
        told = problem.diagnostic
        can = self.client_capabilities.text_document
        abilities = None if can is None else can.publish_diagnostics
        href = self._explain(told.code) if abilities is not None and abilities.code_description_support else None
        related = None
        if abilities is not None and abilities.related_information and problem.related:
            related = [
                types.DiagnosticRelatedInformation(self.location(span), message) for span, message in problem.related
            ]
        return types.Diagnostic(
            self.range(problem.span),
            told.message if told.hint is None else f"{told.message}\nhint: {told.hint}",
            types.DiagnosticSeverity.Error if told.severity == "error" else types.DiagnosticSeverity.Warning,
            told.code,
            None if href is None else types.CodeDescription(href),
            "raspc",
            related_information=related,
        )


def make_server(explain: Explain = lambda _: None) -> RaspServer:
    """A server with all its features, not yet connected.  explain: gives the URL of a diagnostic code's page."""
    server = RaspServer(explain)
    _synchronise(server)
    _ask(server)
    _edit(server)
    return server


def serve(explain: Explain) -> int:
    """Serves one client on standard input and output.  Returns 0 if the client shut the server down, else 1."""
    logging.getLogger("pygls.protocol.json_rpc").addFilter(_is_no_refusal)
    server = make_server(explain)
    output = _own_output()
    # The recursion limit belongs to the process: threads that changed it would disturb one another.
    with deep_recursion():
        server.start_io(sys.stdin.buffer, output)
    server.documents.shut_down()
    return 0 if server.was_shut_down else 1


def _is_no_refusal(record: logging.LogRecord) -> bool:
    """False for the log records of refused requests; the client gets the reason."""
    return record.exc_info is None or not isinstance(record.exc_info[1], JsonRpcInvalidParams)


def _own_output() -> BinaryIO:
    """Reserves standard output for the protocol; anything that is printed goes to standard error."""
    sys.stdout.flush()
    output = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return output


def _synchronise(server: RaspServer) -> None:
    documents = server.documents

    @server.feature(types.SHUTDOWN)
    def shut_down(_: None) -> None:
        server.was_shut_down = True
        documents.shut_down()

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        document = params.text_document
        name = to_fs_path(document.uri) if document.uri.startswith("file:") else None
        path = None if name is None else Path(name)
        root = server.workspace.root_path
        base = path.parent if path is not None else Path.cwd() if root is None else Path(root)
        documents.open(document.uri, path, base, document.text, document.version)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        uri = params.text_document.uri
        text = server.workspace.get_text_document(uri).source
        documents.change(uri, text, params.text_document.version)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        documents.close(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def saved(params: types.DidSaveTextDocumentParams) -> None:
        documents.files_changed()

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def files_changed(params: types.DidChangeWatchedFilesParams) -> None:
        documents.files_changed()

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configured(_: types.DidChangeConfigurationParams) -> None:
        """Ignores settings: the server has none, but some editors send theirs."""


def _ask(server: RaspServer) -> None:
    documents = server.documents

    async def at(params: _AtPosition) -> tuple[DocumentAnalysis, int] | None:
        analysed = await documents.analysed(params.text_document.uri)
        return None if analysed is None else (analysed, server.offset(analysed.source, params.position))

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hovered(params: types.HoverParams) -> types.Hover | None:
        found = await at(params)
        if found is None:
            return None
        shown = await documents.worked_out(partial(hover, *found))
        if shown is None:
            shown = hover(*found, domains=False)
        if shown is None:
            return None
        markdown = _takes_markdown(server.client_capabilities)
        kind = types.MarkupKind.Markdown if markdown else types.MarkupKind.PlainText
        content = types.MarkupContent(kind, shown.markdown() if markdown else shown.plain())
        return types.Hover(content, server.range(shown.span))

    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def defined(params: types.DefinitionParams) -> list[types.Location]:
        found = await at(params)
        return [] if found is None else [server.location(span) for span in navigation.definitions(*found)]

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def referred(params: types.ReferenceParams) -> list[types.Location]:
        found = await at(params)
        if found is None:
            return []
        analysed, offset = found
        bindings = navigation.bindings_at(analysed, offset)
        places = navigation.references(analysed, bindings, declarations=params.context.include_declaration)
        places += navigation.uses_at(analysed, offset)
        return [server.location(span) for span in navigation.spans(analysed, places)]

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT)
    async def highlighted(params: types.DocumentHighlightParams) -> list[types.DocumentHighlight]:
        found = await at(params)
        if found is None:
            return []
        analysed, offset = found
        bindings = navigation.bindings_at(analysed, offset)
        places = navigation.references(analysed, bindings, declarations=True)
        places += navigation.uses_at(analysed, offset)
        here = [span for span in navigation.spans(analysed, places) if span.source.name == analysed.source.name]
        written = {(binding.span.start, binding.span.end) for binding in bindings}
        return [
            types.DocumentHighlight(
                server.range(span),
                types.DocumentHighlightKind.Write
                if (span.start, span.end) in written
                else types.DocumentHighlightKind.Read,
            )
            for span in here
        ]

    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=['"', "'", "/"]))
    async def completed(params: types.CompletionParams) -> types.CompletionList:
        found = await at(params)
        suggestions = [] if found is None else complete(*found)
        return types.CompletionList(False, [_item(suggestion) for suggestion in suggestions])

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def outlined(
        params: types.DocumentSymbolParams,
    ) -> list[types.DocumentSymbol] | list[types.SymbolInformation]:
        analysed = await documents.analysed(params.text_document.uri)
        found = () if analysed is None else symbols(analysed.recovered.module)
        if _takes_trees(server.client_capabilities):
            return [_symbol(server, symbol) for symbol in found]
        return [
            types.SymbolInformation(server.location(symbol.span), symbol.name, _SYMBOLS[symbol.kind])
            for symbol in found
        ]


def _edit(server: RaspServer) -> None:
    documents = server.documents

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepared(params: types.PrepareRenameParams) -> types.Range | None:
        analysed = await documents.analysed(params.text_document.uri)
        if analysed is None:
            return None
        span = navigation.renamable(analysed, server.offset(analysed.source, params.position))
        return None if span is None else server.range(span)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def renamed(params: types.RenameParams) -> types.WorkspaceEdit | None:
        analysed = await documents.analysed(params.text_document.uri)
        if analysed is None:
            return None
        offset = server.offset(analysed.source, params.position)
        try:
            places: list[Place] = navigation.rename(analysed, offset, params.new_name)
        except navigation.Refused as why:
            raise JsonRpcInvalidParams(str(why)) from None
        changes: dict[str, list[types.TextEdit]] = {}
        for span in navigation.spans(analysed, places):
            edits = changes.setdefault(server.uri(span.source.name), [])
            edits.append(types.TextEdit(server.range(span), params.new_name))
        return types.WorkspaceEdit(changes)

    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def formatted(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        text = documents.text_of(params.text_document.uri)
        if text is None:
            return None
        edit = await documents.worked_out(partial(formatting, text))
        if edit is None or documents.text_of(params.text_document.uri) != text:
            return None
        return [types.TextEdit(server.range_of(text, edit.start, edit.end), edit.text)]


def _takes_markdown(can: types.ClientCapabilities) -> bool:
    abilities = None if can.text_document is None else can.text_document.hover
    formats = None if abilities is None else abilities.content_format
    return formats is not None and types.MarkupKind.Markdown in formats


def _takes_trees(can: types.ClientCapabilities) -> bool:
    abilities = None if can.text_document is None else can.text_document.document_symbol
    return abilities is not None and abilities.hierarchical_document_symbol_support is True


def _item(suggestion: Suggestion) -> types.CompletionItem:
    return types.CompletionItem(
        suggestion.text,
        kind=_SUGGESTIONS[suggestion.kind],
        detail=suggestion.detail,
        documentation=suggestion.documentation or None,
        sort_text=f"{suggestion.rank}{suggestion.text}",
    )


def _symbol(server: RaspServer, symbol: Symbol) -> types.DocumentSymbol:
    return types.DocumentSymbol(
        symbol.name,
        _SYMBOLS[symbol.kind],
        server.range(symbol.span),
        server.range(symbol.name_span),
        symbol.detail or None,
        children=[_symbol(server, child) for child in symbol.children],
    )
