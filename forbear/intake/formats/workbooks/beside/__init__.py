"""Beside: what stands beside the cells of a workbook, or is drawn through them."""
