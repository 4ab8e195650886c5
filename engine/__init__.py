"""The engine: a candidate of any size, trained on a cluster to the same bytes whatever the cluster is."""
