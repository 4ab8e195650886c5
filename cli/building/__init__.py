"""What is built to be deployed: the deployment zip of every function, and the layer of those that train."""
