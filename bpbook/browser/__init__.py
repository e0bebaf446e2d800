"""What runs the book in the reader's browser: Python compiled to WebAssembly, the book's packages, JupyterLite."""
