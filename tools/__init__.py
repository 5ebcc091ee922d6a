"""What people use around the compiler: REPL, language server, reports, suites and fuzzing."""
