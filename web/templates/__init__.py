"""Templates of the pages, a folder for each topic, and how they are compiled."""
