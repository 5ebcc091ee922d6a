"""Every diagnostic code, once.  Scripts and tests match codes, so a code never changes its meaning.

`raspc explain CODE` tells the longer story of each (cli/explanations/).  mypy refuses a diagnostic with another code.
"""

from __future__ import annotations

from typing import Literal, get_args

Code = Literal[
    # --- the text of a program
    "assignment-form",  # `=` stands where it cannot
    "comparison-form",  # a comparison sign of another language
    "comprehension-filter",  # a comprehension with an `if` at its end
    "default-parameter",  # a parameter of a function has a default value
    "file-encoding",  # the program is not UTF-8
    "file-missing",  # there is no such file
    "file-unreadable",  # a file is there and cannot be read
    "foreign-word",  # a word of another language
    "if-statement",  # `if` as a statement
    "load-form",  # `load` without a file name in quotes
    "missing-else",  # a ternary without `else`
    "missing-operator",  # two values stand side by side
    "missing-return",  # a function gives nothing back
    "missing-semicolon",  # a statement without its `;`
    "missing-value",  # an operator without the value that it works on
    "name-twice",  # two parameters have one name
    "not-at-top-level",  # `set`, `load` or a definition inside a block
    "number-form",  # not a number as RASP writes them
    "number-too-long",  # a number with too many digits
    "power",  # `**` is not RASP's power
    "python-block",  # a colon instead of braces
    "reads-differently",  # a warning: Python would group this expression otherwise
    "reserved-word",  # a word of the language used as a name
    "set-form",  # a `set` that RASP does not know
    "slice",  # a slice, `xs[1:3]`
    "stray-bracket",  # a closing bracket without an opening one
    "stray-colon",  # a colon that belongs to nothing
    "stray-else",  # an `else` without its `if`
    "stray-return",  # `return` outside a function
    "text-too-long",  # the program's text is too long
    "too-deep",  # expressions or blocks nested too deeply
    "unclosed-bracket",  # a bracket is opened and never closed
    "unexpected-character",  # a character that means nothing in RASP
    "unexpected-end",  # the text ends in the middle of a statement
    "unexpected-token",  # something stands where the grammar has no place for it
    "unterminated-string",  # a string is not closed on its line
    "wrong-bracket",  # a bracket is closed by one of another kind
    # --- what a program means
    "argument-count",  # a call with too many or too few arguments
    "cannot-compute",  # a plain value that cannot be computed
    "division-by-zero",  # a plain value divided by zero
    "index-out-of-range",  # a list or string has no such item
    "load-cycle",  # files load each other
    "load-too-deep",  # files load files that load files, many levels deep
    "missing-key",  # a dict has no such key
    "no-length",  # the program does not say how long its input may be
    "no-output",  # the program has no output
    "no-vocabulary",  # the program does not say which tokens it is for
    "not-callable",  # a value that is no function is called
    "not-expressible",  # a graph has a node, or a string, that no text of RASP has
    "not-indexable",  # a value without items is indexed
    "not-iterable",  # a loop or comprehension over something without items
    "recursion-too-deep",  # calls nested too deeply
    "selector-branch",  # a ternary chooses between selectors, position by position
    "too-large",  # a list, string or dict that is too large
    "too-much-work",  # too much is computed before the sequence computation begins
    "unknown-entry",  # `--entry` names nothing that the program, or the model, has
    "unknown-name",  # a name that is not defined
    "wrong-comparison",  # `select` compares by something that is no comparison
    "wrong-count",  # several names, and another number of values
    "wrong-default",  # the default of `aggregate` is no plain value
    "wrong-index",  # an index that can be none
    "wrong-key",  # a dict's key is no plain value
    "wrong-kind",  # an operator or function was given another kind of value than it works on
    "wrong-length",  # the longest input is no whole number, or out of bounds
    "wrong-output",  # the output is no s-op
    "wrong-vocabulary",  # the vocabulary is no list of tokens
    "sometimes-undefined",  # a warning: on some inputs the output has no value, and the model gives one all the same
    "inexact-output",  # a warning: the model's numbers are within a bound of the program's, not equal to them
    "causal-meaning",  # a warning: under `--causal` this selector selects less, and an output changes
    # --- what cannot be compiled
    "C201",  # an expression can take too many values to be looked up in a table
    "C202",  # a function of several values at once needs too large a table
    "C203",  # a product of numbers too large, or too many
    "C204",  # a function's input is not known precisely enough
    "C205",  # a number is too large, or too close to 0, for float32
    "C210",  # a comparison between too many values, that is no equality
    "C211",  # a selector's formula distinguishes too many cases
    "C212",  # a mean over a selector that needs several heads
    "C213",  # a head's scores are not apart far enough
    "C214",  # a mean of values that are not all numbers
    "C220",  # the output is undefined on every input
    "C221",  # the output is not known precisely enough
    "C230",  # the model would be too large
    "C231",  # the compilation takes too long
    # --- inputs and results
    "generation-full",  # a warning: `raspc run --generate` stopped before it had made all the tokens
    "input-encoding",  # the input is not valid UTF-8
    "input-json",  # a line of `--input` is no JSON array of tokens
    "input-line",  # a line of `--input` is longer than a million bytes
    "input-too-long",  # the input has more tokens than the program takes
    "not-causal",  # `--generate` with a model that is not causal
    "nothing-to-continue",  # `--generate` with an input without tokens
    "output-no-token",  # `--generate` met an output that cannot be fed back
    "undefined-output",  # the output has no value at some position
    "unknown-token",  # a token that the program does not know
    # --- a model's files
    "M001",  # a model's file cannot be read
    "M002",  # one file of the pair is missing
    "M003",  # not the name of a model's file
    "M010",  # the manifest is not JSON
    "M011",  # not the files of a raspc model
    "M012",  # the files are in another version of the format
    "M013",  # the manifest is damaged
    "M020",  # the weights file is not a safetensors file
    "M021",  # the weights are not those that the manifest describes
    "M022",  # a weight is infinite, or no number
    "M030",  # the two files do not belong together, or one was altered
    "M040",  # the files cannot be written
    "M060",  # a type in which models cannot run
    "M061",  # there is no such device
    "M062",  # the model's numbers became infinite
    "M070",  # tensors that are not a transformer's weights
    # --- commands
    "build-clash",  # two programs of a build would become the same model
    "build-executor",  # the place that a build should be handed to is not there
    "build-worker",  # the process that compiled a program is gone, or is not the right one
    "export-differs",  # the exported model gives other answers than the one it comes from
    "export-folder",  # the folder for an export is in use
    "export-too-large",  # the model does not fit into the file format
    "file",  # a file that a command needs cannot be used
    "fuzz-failed",  # `raspc fuzz` found a program that raspc compiles wrongly, or fails on
    "internal-error",  # a bug of raspc
    "margin-broken",  # `raspc verify` saw a larger error than the manifest promises
    "missing-extra",  # the command needs a package that raspc does not bring along
    "model-differs",  # `raspc verify` found an input on which the model and its program differ
    "no-tokens",  # there is nothing to show of an input without tokens
    "nothing-compared",  # `raspc verify` could compare nothing
    "nothing-to-build",  # the paths that `raspc build` was given hold no programs
    "out-of-memory",  # there is not enough memory
    "would-overwrite",  # a command would replace a file that raspc did not write, or one of its inputs
]

#: All codes, in the order of `raspc explain`.
CODES: tuple[Code, ...] = get_args(Code)
