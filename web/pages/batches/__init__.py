"""The pages of batches: handing in, progress, and what is given back."""
