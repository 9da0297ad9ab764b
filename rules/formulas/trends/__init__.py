"""Trends: how what a formula says of a case goes on from day to day. In come formulas; nothing is evaluated anew."""
