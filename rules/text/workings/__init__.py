"""How derived figures are told, as formulas and with the numbers of a case."""
