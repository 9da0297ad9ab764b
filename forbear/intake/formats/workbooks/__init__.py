"""Workbooks: which sheet, which cells, and what a number is shown as. Whatever is in no workbook stays out."""
