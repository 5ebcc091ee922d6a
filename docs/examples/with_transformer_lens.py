"""A compiled model in TransformerLens: read its circuit, and break one head of it.

    python docs/examples/with_transformer_lens.py

Compiles a sorting program, runs it with every activation cached, prints the place that each token is to have out of
the residual stream, and shows what is left of sorting without one of the heads that count.  Needs TransformerLens 4:
pip install 'raspc[lens]'.
"""

from __future__ import annotations

import raspc
import torch
from raspc.interop import answers, to_transformer_lens
from torch import Tensor

SORT = """
set vocab range(10);
set max_length 8;
smaller = select(tokens, tokens, <);
equal_but_earlier = select(tokens, tokens, ==) and select(indices, indices, <);
target = selector_width(smaller or equal_but_earlier);
aggregate(select(target, indices, ==), tokens);
"""


def main() -> None:
    model = raspc.compile(SORT).model(device="cpu")
    bridge = to_transformer_lens(model)
    text = "3 1 4 1 5"
    tokens = bridge.to_tokens(text)
    logits, cache = bridge.run_with_cache(tokens)
    print(f"{text}  is sorted to  {answers(model.manifest, logits)[0]}")

    # Where does each token go?  The heads of the first layer count it, into a direction that says so.
    manifest = bridge.raspc_manifest
    direction = bridge.raspc_labels.index("target")
    residual = cache["blocks.0.hook_resid_mid"][0, 1:]  # [position, d_model]
    print(
        f"direction {direction} ({bridge.raspc_labels[direction]}) holds", residual[:, direction].round().int().tolist()
    )

    # The pattern of the last layer's head: each position attends to token `target`.
    pattern = cache[f"blocks.{len(manifest.layers) - 1}.attn.hook_pattern"][0, 0, 1:, 1:]
    print("the last head reads, for each position, token", pattern.argmax(-1).tolist())

    # Without the first head nothing is counted any more.
    def silence(z: Tensor, hook: object) -> Tensor:
        z[:, :, 0] = 0  # [batch, position, head, d_head]
        return z

    with torch.no_grad():
        broken = bridge.run_with_hooks(tokens, fwd_hooks=[("blocks.0.attn.hook_z", silence)])
    head = manifest.layers[0].heads[0]
    print(f"without head 0.0 ({head.label}) it is {answers(manifest, broken)[0]}")


if __name__ == "__main__":
    main()
