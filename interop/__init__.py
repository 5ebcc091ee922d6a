"""Taking models elsewhere: TransformerLens, ONNX, Hugging Face.

Nothing is imported before it is used, and none of the three libraries unless its own function is called.  See
docs/interop.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .answers import answers as answers
    from .hugging_face.export import export_hugging_face as export_hugging_face
    from .onnx.build import export_onnx as export_onnx
    from .onnx.build import to_onnx as to_onnx
    from .transformer_lens import bridge_settings as bridge_settings
    from .transformer_lens import hooked_settings as hooked_settings
    from .transformer_lens import padded_tensors as padded_tensors
    from .transformer_lens import to_transformer_lens as to_transformer_lens

#: Public name -> the module that defines it.
_HOMES = {
    "answers": ".answers",
    "bridge_settings": ".transformer_lens",
    "export_hugging_face": ".hugging_face.export",
    "export_onnx": ".onnx.build",
    "hooked_settings": ".transformer_lens",
    "padded_tensors": ".transformer_lens",
    "to_onnx": ".onnx.build",
    "to_transformer_lens": ".transformer_lens",
}

__all__ = [  # noqa: PLE0604, RUF100 - the lazily loaded names are found by __getattr__
    "answers",
    "bridge_settings",
    "export_hugging_face",
    "export_onnx",
    "hooked_settings",
    "padded_tensors",
    "to_onnx",
    "to_transformer_lens",
]


if not TYPE_CHECKING:  # a type checker would take every name for one of ours

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = getattr(import_module(home, __name__), name)
        globals()[name] = value
        return value
