"""Reports about models: a model and one input come in; a trace of its values, as text, page or figures, goes out."""
