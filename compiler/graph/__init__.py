"""The program graph: elaboration creates its nodes, and every later stage reads them, walks them or prints them."""
