"""Tables: boxes of atoms, and what is proved of a table over them."""
