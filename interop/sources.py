"""The three classes of a model (in memory, compiled, loaded), and their common form for exports."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..compiler.artifact.model_files import CompiledModel

if TYPE_CHECKING:
    from ..api import Compiled
    from ..runner.model import Model

AnyModel: TypeAlias = "Model | Compiled | CompiledModel"


def compiled_of(model: AnyModel) -> CompiledModel:
    """Manifest and float32 tensors of a model.  A loaded model gives its current weights."""
    if isinstance(model, CompiledModel):
        return model
    from ..api import Compiled

    if isinstance(model, Compiled):
        return model.artifact
    tensors = {name: tensor.detach().float().cpu().numpy() for name, tensor in model.state_dict().items()}
    return CompiledModel(tensors, model.manifest)
