"""The formatter: a RASP text goes in; the same program in the standard layout comes out."""
