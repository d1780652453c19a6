"""How rules are written: YAML, vocabulary, parsing, compiling, examples."""
