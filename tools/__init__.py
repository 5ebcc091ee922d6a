"""Tools around the compiler: REPL, language server, reports, suites and fuzzing, and modules that these share."""
