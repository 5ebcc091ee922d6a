"""A transformer that raspc compiled from a RASP program, for Hugging Face transformers.

    from transformers import AutoModel, AutoTokenizer

    model = AutoModel.from_pretrained(FOLDER, trust_remote_code=True)
    tokenizer = AutoTokenizer.from_pretrained(FOLDER, trust_remote_code=True)
    batch = tokenizer(["3 1 2", "2 1"], padding=True, return_tensors="pt")
    model.decode(model(**batch).logits, batch["attention_mask"])

The parameters have the names and shapes of TransformerLens.  There is no layer norm, and attention scores are not
divided by anything: compute in float32 or float64, and without TF32.
"""

# mypy: disable-error-code="no-untyped-call"

from bisect import bisect_left
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from transformers import PretrainedConfig, PreTrainedModel
from transformers.modeling_outputs import TokenClassifierOutput
from transformers.utils.generic import ModelOutput

from ...runner.network import LayerSizes, NetworkSizes, Transformer

Value = bool | int | float | str | Fraction


class RaspcConfig(PretrainedConfig):
    """Sizes: `hidden_size` (d_model), `vocab_size` (BOS included), `n_ctx` (positions, BOS included), `causal`, and
    `layers`, a list of [n_heads, d_head, d_mlp].  `vocabulary`: the tokens in the order of their ids.  `outputs`: for
    each output of the program its `name`, its logit columns (`first`, `count`) and how they become values."""

    model_type = "raspc"


@dataclass
class RaspcOutput(ModelOutput):
    """`logits` [batch, position, column] of all outputs of the program.  The residual stream [batch, position, d_model]
    at the end, and with `output_hidden_states` at the start and after each layer.  With `output_attentions` each
    layer's pattern [batch, head, query, key]; None for a layer without heads."""

    logits: Tensor | None = None
    last_hidden_state: Tensor | None = None
    hidden_states: tuple[Tensor, ...] | None = None
    attentions: tuple[Tensor | None, ...] | None = None


class RaspcPreTrainedModel(PreTrainedModel):
    config_class = RaspcConfig
    base_model_prefix = "model"

    def _init_weights(self, module: nn.Module) -> None:
        """Nothing: every weight comes from the program."""


class RaspcModel(RaspcPreTrainedModel):
    """The transformer: token ids, BOS first, to the logits of all outputs of the program."""

    def __init__(self, config: RaspcConfig) -> None:
        super().__init__(config)
        self.sizes = NetworkSizes(
            d_vocab=config.vocab_size,
            n_ctx=config.n_ctx,
            d_model=config.hidden_size,
            d_vocab_out=sum(output["count"] for output in config.outputs),
            layers=[LayerSizes(*sizes) for sizes in config.layers],
            causal=config.causal,
        )
        # The modules of the network are this model's own, so that the weights have the same names.
        for name, module in Transformer(self.sizes).named_children():
            self.add_module(name, module)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
    ) -> RaspcOutput | tuple[object, ...]:
        """`attention_mask` [batch, position] is 1 at BOS and tokens, 0 at padding; without it, BOS anywhere but at the
        start is taken for padding."""
        real = self.mask_of(input_ids) if attention_mask is None else attention_mask.bool()
        position = (real.long().cumsum(1) - 1).clamp(min=0)  # [batch, position]
        if int(position.max()) >= self.config.n_ctx:
            raise ValueError(f"the input is longer than {self.config.n_ctx - 1} tokens, which is this model's limit")
        record: dict[str, Tensor] = {}
        logits = Transformer.run_positions(self, input_ids, position, real, record)  # type: ignore[arg-type]
        blocks = [f"blocks.{index}" for index in range(len(self.sizes.layers))]
        states = [record["blocks.0.hook_resid_pre"], *(record[f"{block}.hook_resid_post"] for block in blocks)]
        patterns = [record.get(f"{block}.attn.hook_pattern") for block in blocks]
        if output_hidden_states is None:
            output_hidden_states = self.config.output_hidden_states
        if output_attentions is None:
            output_attentions = self.config.output_attentions
        result = RaspcOutput(
            logits=logits,
            last_hidden_state=states[-1],
            hidden_states=tuple(states) if output_hidden_states else None,
            attentions=tuple(patterns) if output_attentions else None,
        )
        return result.to_tuple() if return_dict is False else result

    def mask_of(self, input_ids: Tensor) -> Tensor:
        """True at BOS and tokens, false at padding, which has the id of BOS."""
        mask = torch.ne(input_ids, self.config.bos_token_id)
        mask[:, 0] = True
        return mask

    def decode(
        self, logits: Tensor, attention_mask: Tensor | None = None, output: str | None = None
    ) -> list[list[Value]]:
        """For each row of logits [batch, position, column] the values of an output (the first unless named) at the
        tokens.  Without a mask, no row has padding."""
        tables = {table["name"]: table for table in self.config.outputs}
        table = tables[output] if output is not None else self.config.outputs[0]
        columns = logits[..., table["first"] : table["first"] + table["count"]].double().cpu()
        if attention_mask is None:
            attention_mask = torch.ones(logits.shape[:2])
        rows = zip(columns, attention_mask.bool().cpu(), strict=True)
        return [read(table, row[mask][1:]) for row, mask in rows]  # the first is BOS


class RaspcForTokenClassification(RaspcPreTrainedModel):
    """One output of the program (`config.labelled_output`) as labels: `config.id2label` shows its values."""

    def __init__(self, config: RaspcConfig) -> None:
        super().__init__(config)
        self.model = RaspcModel(config)
        (table,) = (table for table in config.outputs if table["name"] == config.labelled_output)
        self.columns = slice(table["first"], table["first"] + table["count"])
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        output_attentions: bool | None = None,
        return_dict: bool | None = None,
    ) -> TokenClassifierOutput | tuple[object, ...]:
        """`labels` [batch, position] are places in the list of values; -100 where there is none, as at BOS."""
        found = self.model(input_ids, attention_mask, output_hidden_states, output_attentions)
        logits = found.logits[..., self.columns]
        loss = None
        if labels is not None:
            loss = nn.functional.cross_entropy(logits.flatten(0, 1), labels.flatten())
        result = TokenClassifierOutput(loss, logits, found.hidden_states, found.attentions)
        return result.to_tuple() if return_dict is False else result


def read(table: dict[str, Any], logits: Tensor) -> list[Value]:
    """The values that logits [position, column] of one output stand for."""
    if not bool(logits.isfinite().all()):
        raise ValueError("a logit is not finite: the numbers became too large for this type")
    values = [scalar(form) for form in table.get("values", ())]
    if table["decode"] == "class":
        return [values[place] for place in logits.argmax(-1).tolist()]
    numbers = logits[:, 0].tolist()
    if table["decode"] == "nearest":
        halfway = [float((Fraction(a) + Fraction(b)) / 2) for a, b in pairwise(values)]
        return [values[bisect_left(halfway, number)] for number in numbers]
    limit = table["max_denominator"]
    if limit is None:
        return numbers
    return [shown(Fraction(number).limit_denominator(limit), table["truths"]) for number in numbers]


def shown(number: Fraction, truths: bool) -> Value:
    """The number as the program prints it."""
    if truths and number in (0, 1):
        return number == 1
    return int(number) if number.denominator == 1 else number


def scalar(form: Any) -> Value:
    """The value of its form in config.json: itself, or an object for what JSON does not hold exactly."""
    match form:
        case {"int": digits}:
            return int(digits)
        case {"fraction": [top, bottom]}:
            return Fraction(int(top), int(bottom))
        case {"float": digits}:
            return float.fromhex(digits)
        case _:
            value: Value = form
            return value
