"""`python -m forbear` is `forbear`."""

from forbear.cli import main

main()
