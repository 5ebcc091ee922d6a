"""A compiled model as a Hugging Face folder: `AutoModel`, a tokenizer, and a pipeline that labels each token.

    python docs/examples/with_hugging_face.py [FOLDER]

Needs transformers: pip install 'raspc[hf]'.  Nothing is fetched from the network.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import raspc
from raspc.interop import export_hugging_face

os.environ |= {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_PROGRESS_BARS": "1"}

from transformers import (
    AutoModel,
    AutoModelForTokenClassification,
    AutoTokenizer,
    pipeline,
)

PROGRAM = """
set vocab ["the", "a", "cat", "dog", "mouse", "chased", "saw", "."];
set max_length 12;
noun = tokens in ["cat", "dog", "mouse"];
verbs_before = selector_width(select(tokens in ["chased", "saw"], True, ==) and select(indices, indices, <));
role = ("subject" if verbs_before == 0 else "object") if noun else "-";
times = selector_width(select(tokens, tokens, ==));
"""


def main(folder: Path) -> None:
    path = export_hugging_face(raspc.compile(PROGRAM, entry=("role", "times")), folder / "roles")
    print("in the folder:", " ".join(sorted(file.name for file in path.iterdir() if file.is_file())))

    # From here on raspc is not needed any more.
    model = AutoModel.from_pretrained(path, trust_remote_code=True)
    tokenizer = AutoTokenizer.from_pretrained(path, trust_remote_code=True)
    batch = tokenizer(["the cat chased a mouse .", "a dog saw the cat"], padding=True, return_tensors="pt")
    found = model(**batch, output_attentions=True)
    for name in ("role", "times"):
        for values in model.decode(found.logits, batch["attention_mask"], name):
            print(f"{name:6}", *values)
    print("patterns [batch, head, query, key]:", [tuple(each.shape) for each in found.attentions if each is not None])

    labeller = AutoModelForTokenClassification.from_pretrained(path, trust_remote_code=True)
    label = pipeline("token-classification", model=labeller, tokenizer=tokenizer, ignore_labels=["-"])
    print({each["word"]: each["entity"] for each in label("the dog chased the cat")})


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as place:
            main(Path(place))
