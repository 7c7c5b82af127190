"""The atlas: every cell of a small space trained, so that searches on it take no training."""
