"""What the functions share: settings, bucket layout, object store, dataset, training, scoring."""
