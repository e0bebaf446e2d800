"""What a cell of a page needs before it can run alone. Pure Python: the pages load these files into the browser too."""
