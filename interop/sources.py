"""What can be taken elsewhere: a model in any of the forms that raspc has for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from ..compiler.artifact.model_files import CompiledModel

if TYPE_CHECKING:
    from ..api import Compiled
    from ..runner.model import Model

AnyModel: TypeAlias = "Model | Compiled | CompiledModel"


def compiled_of(model: AnyModel) -> CompiledModel:
    """Manifest and float32 tensors of a model.  Of a loaded one, the weights that it has now."""
    if isinstance(model, CompiledModel):
        return model
    from ..api import Compiled

    if isinstance(model, Compiled):
        return model.artifact
    tensors = {name: tensor.detach().float().cpu().numpy() for name, tensor in model.state_dict().items()}
    return CompiledModel(tensors, model.manifest)
