"""Reports over many cells."""
