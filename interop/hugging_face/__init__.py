"""A compiled model in, a folder that Hugging Face `transformers` loads without raspc out."""
