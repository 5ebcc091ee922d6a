"""A seed and a number go in; the text of a well-formed random program comes out."""
