"""From rows to objects: what a SELECT of mapped classes means, and the generated code that carries it out."""
