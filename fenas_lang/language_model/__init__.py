"""What a word language model is made of: its model, its dropout, its softmax, its optimiser."""
