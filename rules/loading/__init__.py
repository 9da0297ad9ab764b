"""Loading: the files of a pack to a Pack, or all that makes it unusable. What makes it unfit to publish is lint."""
