"""The processes of the simulated cloud: started together, ended together."""
