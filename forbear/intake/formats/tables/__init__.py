"""Tables: which rows are no cases, what the rows showed, whether a header that stands there again is the same one."""
