"""How values are written: letters, units, numbers, codes; one grammar for headers and cells. Facts by type come in."""
