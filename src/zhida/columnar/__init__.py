"""The same decisions over a frame: a model is lowered to column operations once, and these decide every row."""
