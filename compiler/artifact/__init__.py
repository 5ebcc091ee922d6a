"""Stage 5: scheduled layers come in, arrays and a manifest go out, into two files and back."""
