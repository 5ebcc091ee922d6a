"""A list of ONNX operations that is being made, one call each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import onnx


class Graph:
    """Operations, and the constant tensors that they take.  Every tensor goes by its name, a string."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def tensor(self, name: str, array: NDArray[np.generic]) -> str:
        """A constant tensor."""
        from onnx import numpy_helper

        self.constants[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def integers(self, *numbers: int) -> str:
        """A one-dimensional tensor of int64, such as axes."""
        name = "int64." + ".".join(map(str, numbers))
        return name if name in self.constants else self.tensor(name, np.array(numbers, np.int64))

    def add(self, operator: str, inputs: Sequence[str], name: str, **attributes: int | list[int]) -> str:
        """An operation with one result, which is called `name`, as is the operation."""
        from onnx import helper

        node = helper.make_node(operator, list(inputs), [name], name=name)
        node.attribute.extend(helper.make_attribute(key, value) for key, value in attributes.items())
        self.nodes.append(node)
        return name

    def unsqueeze(self, value: str, axis: int) -> str:
        """The tensor with another axis of size 1."""
        return self.add("Unsqueeze", [value, self.integers(axis)], f"{value}.axis{axis}")
