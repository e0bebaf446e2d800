"""The machinery that makes and checks the book; `bpkit` is the package that the book builds."""
