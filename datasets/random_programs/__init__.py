"""Random programs: a seed goes in, the text of a well-formed program comes out."""
