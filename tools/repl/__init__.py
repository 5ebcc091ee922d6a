"""The interactive session: RASP statements and commands come in; outcomes, and their text, go out."""
