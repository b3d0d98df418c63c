"""The vocabulary of the black-box tests: what starts processes, speaks HTTP on raw sockets, makes load and
judges it."""
