"""Weight sharing: one supernet, whose weights every candidate takes for its own edges."""
