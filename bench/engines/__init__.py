"""One table of rules through our two engines and through those of others, each checked to find the same hits."""
