"""What `make bench` runs. Everything stays on loopback and stops by itself."""
