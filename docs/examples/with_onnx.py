"""A compiled model as ONNX: written once, and then used by somebody who has onnxruntime and no raspc.

    python docs/examples/with_onnx.py [FOLDER]

Needs onnx and onnxruntime: pip install 'raspc[onnx]'.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

PROGRAM = """
set vocab "()ab";
set max_length 20;
so_far = select(indices, indices, <=);
opened = selector_width(select(tokens, "(", ==) and so_far);
closed = selector_width(select(tokens, ")", ==) and so_far);
depth = opened - closed;
balanced = selector_width(select(depth, 0, <)) == 0 and depth[length - 1] == 0;
"""


def write(path: Path) -> None:
    """The part that needs raspc."""
    import raspc
    from raspc.interop import export_onnx

    export_onnx(raspc.compile(PROGRAM, entry=("depth", "balanced")), path)


def read(path: Path) -> None:
    """The part that does not."""
    session = onnxruntime.InferenceSession(str(path))
    about = json.loads(session.get_modelmeta().custom_metadata_map["raspc"])
    ids = {token: place for place, token in enumerate(about["vocabulary"])}
    values = {output["name"]: output["values"] for output in about["outputs"]}

    texts = ["a(b(a)b)", "(a))(", "((", "ab"]
    batch = np.full((len(texts), max(map(len, texts))), about["pad"], np.int64)  # [batch, length]
    for row, text in zip(batch, texts, strict=True):
        row[: len(text)] = [ids[character] for character in text]

    depths, balanced = session.run(["depth.answer", "balanced.answer"], {"tokens": batch})
    for text, depth, balance in zip(texts, depths, balanced, strict=True):
        shown = " ".join(str(values["depth"][place]) for place in depth[: len(text)])
        print(f"{text:10} depth {shown:18} balanced: {values['balanced'][balance[0]]}")


def main(folder: Path) -> None:
    path = folder / "brackets.onnx"
    write(path)
    print(f"{path.name}: {path.stat().st_size // 1000} kB")
    read(path)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as place:
            main(Path(place))
