"""Stage 5: scheduled layers go in, arrays and a manifest come out, and are written to and read from files."""
