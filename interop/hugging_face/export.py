"""A compiled model as a folder that `transformers` loads, without raspc: weights, configuration, tokenizer and code."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ...compiler.artifact import weights_file
from ...compiler.artifact.json_text import JsonError, dumps, loads
from ...compiler.artifact.manifest import Manifest, expected_shapes, to_json
from ...compiler.artifact.model_files import CompiledModel
from ...compiler.artifact.replaceable import EXPORTED, NewFile, require_replaceable, write_files
from ...compiler.graph.values import show
from ...runner import network
from ..directory import replace_folder, require_folder, require_ours, writing
from ..sources import AnyModel, compiled_of
from ..tables import decode_kind, listed_values, output_table, vocabulary_table
from ..tokenizer import tokenizer_files

CODE = "modeling_raspc.py"
NETWORK = "network.py"
WEIGHTS = "model.safetensors"
MANIFEST = "manifest.json"
CONFIG = "config.json"
CARD = "README.md"
FILES = (CODE, NETWORK, WEIGHTS, MANIFEST, CONFIG, CARD, "tokenizer.json", "tokenizer_config.json")


def export_hugging_face(
    model: AnyModel, folder: str | Path, *, inputs: Iterable[Path] = (), force: bool = False
) -> Path:
    """Write the folder, whole or not at all; an earlier export there is replaced.

    inputs: files that are never replaced.  force: write into a folder that holds something else; its other files stay.
    Raises RaspError where something else is in the folder, and where it cannot be written.
    """
    compiled, path = compiled_of(model), Path(folder)
    with writing(path):
        if force:
            require_folder(path)
        else:
            require_ours(path, CONFIG, _is_our_configuration, FILES)
        contents = _contents(compiled)
        files = {path / name: NewFile(EXPORTED, chunks) for name, chunks in contents.items()}
        require_replaceable(dict.fromkeys(files, EXPORTED), inputs=inputs, force=True)
        if force and path.exists():
            write_files(files, inputs=inputs, force=True)
        else:
            replace_folder(path, contents)
    return path


def _is_our_configuration(data: bytes) -> bool:
    """Whether a configuration is of an export.  `save_pretrained` of transformers, after training, adds its version."""
    try:
        config = loads(data)
    except JsonError:
        return False
    return isinstance(config, dict) and config.get("model_type") == "raspc" and "transformers_version" not in config


def _contents(compiled: CompiledModel) -> dict[str, Iterable[bytes]]:
    manifest = compiled.manifest
    tensors = {name: compiled.tensors[name] for name in expected_shapes(manifest)}
    texts = {
        **_code(),
        MANIFEST: dumps(to_json(manifest)),
        CONFIG: dumps(configuration(manifest)),
        CARD: _card(manifest),
        **{name: dumps(content) for name, content in tokenizer_files(manifest).items()},
    }
    files: dict[str, Iterable[bytes]] = {
        name: (text.encode(errors="backslashreplace"),) for name, text in texts.items()
    }
    return files | {WEIGHTS: (weights_file.pack(tensors, ("format", "pt")),)}


def _code() -> dict[str, str]:
    """The Python files: the classes for `transformers`, and the network that they run, which stand side by side."""
    code = Path(__file__).with_name(CODE).read_text(encoding="utf-8")
    inside, beside = "from ...runner.network import", "from .network import"
    assert inside in code
    return {CODE: code.replace(inside, beside), NETWORK: Path(network.__file__).read_text(encoding="utf-8")}


def configuration(manifest: Manifest) -> dict[str, object]:
    """The contents of config.json."""
    module = CODE.removesuffix(".py")
    automatic = {"AutoConfig": f"{module}.RaspcConfig", "AutoModel": f"{module}.RaspcModel"}
    config: dict[str, object] = {
        "model_type": "raspc",
        "architectures": ["RaspcModel"],
        "auto_map": automatic,
        "dtype": "float32",
        "hidden_size": manifest.d_model,
        "num_hidden_layers": len(manifest.layers),
        "layers": [[layer.n_heads, layer.d_head, layer.d_mlp] for layer in manifest.layers],
        "n_ctx": manifest.n_ctx,
        "vocab_size": manifest.d_vocab,
        "bos_token_id": manifest.bos,
        "pad_token_id": manifest.bos,
        "causal": manifest.causal,
        "vocabulary": vocabulary_table(manifest),
        "outputs": [output_table(output) for output in manifest.outputs],
    }
    labelled = next((output for output in manifest.outputs if decode_kind(output) == "class"), None)
    if labelled is not None:
        values = listed_values(labelled)
        assert values is not None
        labels = [show(value) for value in values]
        automatic["AutoModelForTokenClassification"] = f"{module}.RaspcForTokenClassification"
        config["labelled_output"] = labelled.name
        config["id2label"] = {str(index): label for index, label in enumerate(labels)}
        config["label2id"] = {label: index for index, label in enumerate(labels)}
    return config


def _card(manifest: Manifest) -> str:
    """The model's README."""
    program = manifest.program.files[0]
    names = ", ".join(f"`{output.name}`" for output in manifest.outputs)
    fence = "`" * 4  # a RASP program has no use for backquotes
    return f"""---
library_name: transformers
tags: [raspc, rasp, interpretability]
---

# {program.name}

A transformer that raspc {manifest.compiler.version} compiled from a RASP program.
Nothing was trained: every weight follows from the program. `manifest.json` says what each direction of the residual
stream, each head and each neuron computes. Inputs have up to {manifest.max_length} tokens; outputs: {names}.

{fence}python
from transformers import AutoModel, AutoTokenizer

model = AutoModel.from_pretrained(".", trust_remote_code=True)
tokenizer = AutoTokenizer.from_pretrained(".", trust_remote_code=True)
batch = tokenizer([TEXT, ...], padding=True, return_tensors="pt")
model.decode(model(**batch).logits, batch["attention_mask"])
{fence}

The program:

{fence}
{program.text.rstrip()}
{fence}
"""
