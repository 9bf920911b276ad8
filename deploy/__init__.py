"""Starting the product, and the files that an operator installs."""
