"""Neovim as a client of the server, and the mode for Emacs of docs/editors.md, where these editors are installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

NEOVIM = """
local command = { "PYTHON", "-m", "raspc", "lsp" }
if vim.lsp.start then
  vim.lsp.start({ name = "raspc", cmd = command, root_dir = "FOLDER" })
else
  vim.lsp.buf_attach_client(0, vim.lsp.start_client({ name = "raspc", cmd = command, root_dir = "FOLDER" }))
end
vim.wait(30000, function() return #vim.diagnostic.get(0) > 0 end)
local problem = vim.diagnostic.get(0)[1]
local function ask(method)
  local params = { textDocument = { uri = vim.uri_from_bufnr(0) }, position = { line = 2, character = 0 } }
  params.options = { tabSize = 4, insertSpaces = true }
  for _, answer in pairs(vim.lsp.buf_request_sync(0, method, params, 30000)) do
    return answer.result
  end
end
vim.fn.writefile({ vim.fn.json_encode({
  type = vim.bo.filetype,
  code = problem.code,
  place = { problem.lnum, problem.col, problem.end_col },
  hover = ask("textDocument/hover").contents.value,
  edits = ask("textDocument/formatting"),
}) }, "FOLDER/answer.json")
vim.cmd("qall!")
"""


@pytest.mark.skipif(shutil.which("nvim") is None, reason="no Neovim")
def test_neovim(tmp_path: Path) -> None:
    program, script, settings = (tmp_path / name for name in ("a.rasp", "script.lua", "settings.vim"))
    program.write_text('set vocab "abc";\nset max_length 3;\nx=tokens;\n"🎈" + wrong;\n')
    script.write_text(NEOVIM.replace("PYTHON", sys.executable).replace("FOLDER", str(tmp_path)))
    settings.write_text(f"set runtimepath+={ROOT / 'editor' / 'vim'}\n")
    subprocess.run(
        ["nvim", "--headless", "-u", settings, program, "-c", f"luafile {script}"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=100,
        cwd=tmp_path,
        env={**os.environ, "HOME": str(tmp_path)},
        check=True,
    )
    answer = json.loads((tmp_path / "answer.json").read_text())
    assert answer["type"] == "rasp"
    assert answer["code"] == "unknown-name"
    assert answer["place"] == [3, 9, 14]  # Neovim counts bytes: four for the balloon
    assert "s-op of strings, attention depth 0" in answer["hover"]
    (edit,) = answer["edits"]
    assert edit["newText"] == "x = tokens;\n"


@pytest.mark.skipif(shutil.which("emacs") is None, reason="no Emacs")
def test_emacs(tmp_path: Path) -> None:
    """The settings of the page, without the line that starts a server."""
    page = (ROOT / "docs" / "editors.md").read_text()
    (settings,) = re.findall(r"^```elisp\n(.*?)^```$", page, re.M | re.S)
    start = "(add-hook 'rasp-mode-hook #'eglot-ensure)\n"
    assert settings.endswith(start)
    (tmp_path / "init.el").write_text(settings.removesuffix(start))
    text = (
        "x = 'a # b'; # it's\ndef f(y) { return True and y; }\nload 'z';\nset vocab 'ab';\nx_if = select(y, y, ==);\n"
    )
    (tmp_path / "a.rasp").write_text(text)
    expected = {
        "a # b": "string",
        "it's": "comment",
        "def": "keyword",
        "f(y)": "function-name",
        "return": "keyword",
        "True": "constant",
        "and": "keyword",
        "load": "preprocessor",
        "set vocab": "preprocessor",
        "if =": None,
        "select": "builtin",
    }
    (tmp_path / "check.el").write_text(
        f'(load "{tmp_path}/init.el" nil t) (find-file "{tmp_path}/a.rasp") (font-lock-ensure)\n'
        '(princ (format "%s|%s\\n" major-mode comment-start))\n'
        + "".join(
            f'(goto-char (point-min)) (search-forward "{word}")'
            '(princ (format "%s\\n" (get-text-property (match-beginning 0) \'face)))\n'
            for word in expected
        )
    )
    done = subprocess.run(
        ["emacs", "--batch", "-Q", "-l", tmp_path / "check.el"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    mode, *faces = done.stdout.splitlines()
    assert mode == "rasp-mode|# "
    assert faces == ["nil" if kind is None else f"font-lock-{kind}-face" for kind in expected.values()]
