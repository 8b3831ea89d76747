"""From class bodies, annotations and imperative calls to mappers: reads what the user declared, once, at mapping."""
