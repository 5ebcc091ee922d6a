"""What holds on every input: a program graph goes in, domains and facts about its nodes come out."""
