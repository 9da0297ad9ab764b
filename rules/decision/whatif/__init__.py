"""What another policy would say of many cases: columns of what was given, strategies by bits, and what flips."""
