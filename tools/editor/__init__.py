"""Editor support: the texts of an editor go in; problems, answers about names, and edits come out (`raspc lsp`)."""
