"""What a deployment needs beside Chalice's own: bucket, layer, failure destination, the gateway's own answers."""
