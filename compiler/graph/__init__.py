"""The program graph: immutable, interned nodes of s-ops and selectors, with their operations and printers."""
