"""An upload's bytes into rows and a receipt, and these rows back from the bucket."""
