"""A parser that takes one token at a time, so that texts with mistakes can be read as far as they go.

No type or exception of Lark leaves this module.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lark import Token as LarkToken
from lark import Tree as LarkTree
from lark.exceptions import UnexpectedToken

from .lark_grammar import grammar
from .span import Source, Span
from .syntax_errors import Place
from .tokens import Token
from .tree import Tree

#: Makes a node from the name of a rule of rasp.lark, and the tokens and nodes that the rule consists of.
BuildNode = Callable[[str, Sequence[Token | Tree]], Tree]


def tokenize(source: Source) -> tuple[list[Token], list[Span]]:
    """The tokens of a text, and the comments between them.

    Nothing is an error here: a character that begins no token is a token UNKNOWN.
    """
    tokens: list[Token] = []
    comments: list[Span] = []
    for token in grammar().lex(source.text):
        start = token.start_pos
        assert start is not None
        if token.type == "COMMENT":
            comments.append(Span(source, start, start + len(token)))
        else:
            tokens.append(Token(token.type, str(token), start, start + len(token)))
    return tokens, comments


class IncrementalParser:
    """An LALR parser between two tokens."""

    def __init__(self, build: BuildNode) -> None:
        self._build = build
        self._parser = grammar().parse_interactive()
        self._tokens: list[Token] = []
        self._accepted: frozenset[str] | None = None

    def feed(self, token: Token) -> bool:
        """Consumes a token.  Returns False, without changing the state, if the grammar does not allow it here."""
        if token.kind not in self._parser.choices():
            return False
        try:
            self._parser.feed_token(LarkToken(token.kind, "", len(self._tokens)))
        except UnexpectedToken:
            # Lark has reduced rules before it met the error: start again and go back to where it was.
            self._parser = grammar().parse_interactive()
            for index, fed in enumerate(self._tokens):
                self._parser.feed_token(LarkToken(fed.kind, "", index))
            return False
        self._tokens.append(token)
        self._accepted = None
        return True

    def accepts(self, kind: str) -> bool:
        """Whether a token of this kind, or `$END`, may come next."""
        if kind not in self._parser.choices():
            return False
        if self._accepted is None:
            self._accepted = frozenset(self._parser.accepts())
        return kind in self._accepted

    @property
    def is_between_statements(self) -> bool:
        """Whether the last token was the end of a statement.  Cheaper than `accepts`."""
        # `def` follows only whole statements, so no rule that it could end is still to fail.
        return "DEF" in self._parser.choices()

    def finish(self) -> list[Tree]:
        """The nodes of the statements; the text must be allowed to end here."""
        return self._nodes(self._parser.feed_eof())

    def _nodes(self, root: LarkTree[LarkToken]) -> list[Tree]:
        """The children of Lark's root as our nodes, built inside out.  Trees are deeper than Python's stack."""
        outside_in: list[LarkTree[LarkToken]] = []
        stack = [root]
        while stack:
            node = stack.pop()
            outside_in.append(node)
            stack += [child for child in node.children if isinstance(child, LarkTree)]
        built: dict[int, Tree] = {}
        for node in reversed(outside_in[1:]):
            parts = [
                built.pop(id(child)) if isinstance(child, LarkTree) else self._token(child) for child in node.children
            ]
            built[id(node)] = self._build(str(node.data), parts)
        return [built[id(child)] for child in root.children if isinstance(child, LarkTree)]

    def _token(self, token: LarkToken) -> Token:
        assert token.start_pos is not None
        return self._tokens[token.start_pos]


class StatementReader:
    """Reads the statements of a text's top level, and stops at each token that the grammar does not allow.

    `tokens` may be changed from `index` on before the next `read`.  `statements` are those that were read whole;
    the one that is being read begins at `tokens[first]`, and `depth` braces are open in it at `tokens[index]`.

    stops_before: called with a token and the depth before it; True stops before a token that is allowed.
    """

    def __init__(
        self,
        source: Source,
        tokens: list[Token],
        build: BuildNode,
        stops_before: Callable[[Token, int], bool] = lambda token, depth: False,
    ) -> None:
        self.tokens = tokens
        self.statements: list[Tree] = []
        self.first = 0
        self.index = 0
        self.depth = 0
        self._source = source
        self._build = build
        self._stops_before = stops_before
        self._parser = IncrementalParser(build)

    def read(self) -> Place | None:
        """Reads on.  Returns the place of the next token that cannot stand there; None when all is read."""
        while self.index < len(self.tokens):
            token = self.tokens[self.index]
            if self._stops_before(token, self.depth) or not self._parser.feed(token):
                return self._place()
            self.index += 1
            self._count(token)
        if self.index == self.first or self._parser.accepts("$END"):
            self._close()
            return None
        return self._place()

    def supply(self, token: Token) -> None:
        """Reads a token that the text lacks before `index`."""
        if not self._parser.feed(token):
            raise ValueError(f"{token.kind} is not allowed here")
        self._count(token)

    def restart(self, index: int) -> None:
        """Forgets the statement that is being read, and goes on at another token."""
        self.first = self.index = index
        self.depth = 0
        self._parser = IncrementalParser(self._build)

    def skip_statement(self) -> None:
        """Leaves out the statement that is being read, to the `;` or `}` that ends it by the count of braces."""
        depth = self.depth
        for index in range(self.index, len(self.tokens)):
            kind = self.tokens[index].kind
            depth += (kind == "LBRACE") - (kind == "RBRACE")
            if depth <= 0 and kind in ("SEMICOLON", "RBRACE"):
                self.restart(index + 1)
                return
        self.restart(len(self.tokens))

    def _count(self, token: Token) -> None:
        self.depth += (token.kind == "LBRACE") - (token.kind == "RBRACE")
        if self.depth == 0 and token.kind in ("SEMICOLON", "RBRACE") and self._parser.is_between_statements:
            self._close()

    def _close(self) -> None:
        self.statements += self._parser.finish()
        self.restart(self.index)

    def _place(self) -> Place:
        return Place(self._source, self.tokens, self.index, self.first, self._parser.accepts)
