"""The simulated venue judged by strangers: official clients, unmodified, each in an environment of
its own, method by method (`make strangers`)."""
